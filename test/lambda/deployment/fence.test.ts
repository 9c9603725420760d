// Whether a request may still write, by what CloudFormation says of its resource: the table in the code, row by row.
import { ResourceNow } from '../../../lambda/base/ports';
import { CloudFormationEvent, Progress } from '../../../lambda/deployment/event';
import { fenceOf } from '../../../lambda/deployment/fence';
import { Request } from '../../../lambda/deployment/request';

type Type = CloudFormationEvent['RequestType'];

const MADE_AT = Date.UTC(2026, 0, 5, 12);
const URL = 'https://answer.example/?X-Amz-Date=20260105T120000Z';
const at = (seconds: number) => new Date(MADE_AT + seconds * 1000);
const AT_WORK: Record<Type, string> = {
  Create: 'CREATE_IN_PROGRESS', Update: 'UPDATE_IN_PROGRESS', Delete: 'DELETE_IN_PROGRESS',
};

let now: number;
let resource: () => ResourceNow | undefined;
let asked: number;
let logged: string[];
let progress: Progress;

beforeEach(() => {
  now = MADE_AT + 60_000;
  asked = 0;
  logged = [];
  progress = { signingPut: false, requestedAt: MADE_AT };
});

function fence(RequestType: Type, ResponseURL = URL): () => Promise<void> {
  const event = {
    RequestType,
    ResponseURL,
    StackId: 'stack',
    LogicalResourceId: 'Dkim',
    RequestId: 'r',
    PhysicalResourceId: 'id',
    ResourceProperties: {},
  };
  const cloudFormation = {
    stackStatus: async () => undefined,
    resource: async () => {
      asked++;
      return resource();
    },
  };
  const environment = { time: { now: () => now, sleep: async () => undefined }, cloudFormation };
  const log = (decision: string) => void logged.push(decision);
  return fenceOf({ event, environment, progress, log } as unknown as Request);
}

/** In a word, what comes of it. */
async function outcome(type: Type, found: ResourceNow | undefined, url?: string): Promise<string> {
  resource = () => found;
  return fence(type, url)().then(() => 'stands', ({ name, message }: Error) =>
    name === 'NotShownYet' ? 'is not shown yet' : /no longer waits/.test(message) ? 'is overtaken' : `fails: ${message}`);
}

describe.each<Type>(['Create', 'Update', 'Delete'])('a %s', (type) => {
  const isDelete = type === 'Delete';

  test('whose resource is at it since about then stands, also where CloudFormation does not say since when', async () => {
    for (const seconds of [-1, 0, 0.9]) {
      progress.standsSince = undefined;
      expect(await outcome(type, { physicalId: 'id', status: AT_WORK[type], since: at(seconds) })).toBe('stands');
    }
    expect(await outcome(type, { physicalId: 'id', status: AT_WORK[type] })).toBe('stands');
    expect(await outcome(type, { physicalId: 'id' })).toBe('stands');
  });

  test('is overtaken when the resource is at the same since later', async () => {
    expect(await outcome(type, { physicalId: 'id', status: AT_WORK[type], since: at(1.1) })).toBe('is overtaken');
    progress.standsSince = at(0.3).getTime();
    expect(await outcome(type, { physicalId: 'id', status: AT_WORK[type], since: at(0.3) })).toBe('stands');
    expect(await outcome(type, { physicalId: 'id', status: AT_WORK[type], since: at(0.5) })).toBe('is overtaken');
  });

  test('is overtaken when the resource is at something else', async () => {
    const others = Object.values(AT_WORK).filter((status) => status !== AT_WORK[type]);
    for (const status of [...others, 'IMPORT_IN_PROGRESS']) {
      expect(await outcome(type, { physicalId: 'id', status, since: at(2) })).toBe('is overtaken');
      expect(await outcome(type, { physicalId: 'id', status, since: at(-2) })).toBe('is not shown yet');
    }
  });

  test('whose resource is done is overtaken, but for the clean-up of what was replaced', async () => {
    for (const status of ['CREATE_COMPLETE', 'UPDATE_COMPLETE', 'UPDATE_FAILED', 'DELETE_COMPLETE']) {
      expect(await outcome(type, { physicalId: 'id', status, since: at(2) })).toBe('is overtaken');
      expect(await outcome(type, { physicalId: 'other', status, since: at(2) })).toBe(isDelete ? 'stands' : 'is overtaken');
      expect(await outcome(type, { physicalId: 'other', status, since: at(-2) })).toBe(isDelete ? 'stands' : 'is not shown yet');
    }
  });

  test('whose resource is not known may be early; a Delete stands', async () => {
    const fails = 'fails: CloudFormation does not know the resource Dkim of this stack. '
      + 'The stack, or the resource, was deleted meanwhile: deploy again.';
    expect(await outcome(type, undefined)).toBe(isDelete ? 'stands' : fails);
    now = MADE_AT + 29_000;
    expect(await outcome(type, undefined)).toBe(isDelete ? 'stands' : 'is not shown yet');
    progress.requestedAt = undefined;
    expect(await outcome(type, undefined)).toBe(isDelete ? 'stands' : fails);
  });

  test('whose URL does not say when it was made stands while the resource is at it, and until that begins anew', async () => {
    progress.requestedAt = undefined;
    const url = 'https://answer.example/';
    expect(await outcome(type, { physicalId: 'id', status: AT_WORK[type], since: at(-500) }, url)).toBe('stands');
    expect(await outcome(type, { physicalId: 'id', status: AT_WORK[type], since: at(900) }, url)).toBe('is overtaken');
    expect(await outcome(type, { physicalId: 'id', status: 'UPDATE_COMPLETE', since: at(900) }, url)).toBe('is overtaken');
  });

  test('that may not ask: a Delete goes on, and anything else does not', async () => {
    resource = () => {
      throw Object.assign(new Error('no'), { name: 'AccessDenied' });
    };
    if (isDelete) await fence(type)();
    else await expect(fence(type)()).rejects.toThrow('no');
    expect(logged).toEqual(isDelete ? ['stack-unknown'] : []);
  });

  test('that gets no answer now asks again', async () => {
    resource = () => {
      throw Object.assign(new Error('slow down'), { name: 'ThrottlingException' });
    };
    await expect(fence(type)()).rejects.toThrow('slow down');
  });
});

test('CloudFormation may take long to show what is new: the one before is not taken for it', async () => {
  progress.standsSince = undefined;
  resource = () => ({ physicalId: 'id', status: 'UPDATE_IN_PROGRESS', since: at(-900) });
  const ask = fence('Update');
  await ask();
  expect(progress.standsSince).toBeUndefined();
  resource = () => ({ physicalId: 'id', status: 'UPDATE_IN_PROGRESS', since: at(0.5) });
  now += 5_000;
  await ask();
  expect(progress.standsSince).toBe(at(0.5).getTime());
});

test('roll-backs have names of their own: an update that is rolled back, and a create that is', async () => {
  expect(await outcome('Update', { physicalId: 'id', status: 'UPDATE_ROLLBACK_IN_PROGRESS', since: at(0) })).toBe('stands');
  expect(await outcome('Delete', { physicalId: 'id', status: 'ROLLBACK_IN_PROGRESS', since: at(0) })).toBe('stands');
  expect(await outcome('Create', { physicalId: 'id', status: 'ROLLBACK_IN_PROGRESS', since: at(0.5) })).toBe('is overtaken');
});

test('a look counts for five seconds; one that failed does not count', async () => {
  let found: ResourceNow = { physicalId: 'id', status: 'CREATE_IN_PROGRESS', since: at(0) };
  resource = () => found;
  const ask = fence('Create');
  await ask();
  now += 4_999;
  await ask();
  expect(asked).toBe(1);
  now += 1;
  found = { ...found, status: 'DELETE_IN_PROGRESS', since: at(62) };
  await expect(ask()).rejects.toThrow('no longer waits');
  await expect(ask()).rejects.toThrow('no longer waits');
  expect(asked).toBe(3);
});
