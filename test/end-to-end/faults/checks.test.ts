// The checks of the fault matrix can fail: each is broken by hand, and names what is wrong.
import { createPrivateKey, createPublicKey } from 'node:crypto';
import { CallRecord } from '../../cloud';
import { ACCOUNT, DOMAIN, REGION } from '../scene';
import { Canary } from './canary';
import { CellOptions, PlannedFault, runCell } from './cell';
import { KINDS } from './fault-kinds';
import { FLOWS } from './flows';
import { answersIn } from './requests';
import { CANARIES, World } from './world';

const CREATE = 'create, BYODKIM';
const UPDATE = 'update, BYODKIM with another key';
const ROLL_BACK = 'roll-back, BYODKIM with another key';

/** The checks that do not hold in the flow when that is done. */
async function brokenIn(
  name: string, options: Omit<CellOptions, 'seed'> = {}, planned?: PlannedFault,
): Promise<Set<string>> {
  const flow = FLOWS.find((each) => each.name === name)!;
  const { broken } = await runCell(flow, planned, { seed: 1, ...options });
  return new Set(broken.map(({ check }) => check));
}

/** Does something when the first call of that operation is over. */
function after(operation: string, act: (world: World) => unknown): Pick<CellOptions, 'prepare'> {
  return {
    prepare: (world) => {
      const { clock, calls } = world.scene.cloud;
      const first = calls.length;
      const end = clock.watch(() => {
        if (!calls.slice(first).some((call) => call.operation === operation && call.status === 200)) return;
        end();
        act(world);
      });
    },
  };
}

/** Writes a call into the log that nobody has made. */
function forge({ scene: { cloud } }: World, call: Partial<CallRecord>): void {
  cloud.calls.push({
    at: cloud.clock.now(),
    service: 's3',
    operation: 'PutObject',
    region: REGION,
    principal: { account: ACCOUNT },
    body: '',
    status: 200,
    ...call,
  });
}

/** The last answer to CloudFormation, with another end. */
function failAgain(world: World, Reason: string): void {
  const { body } = answersIn(world.scene.cloud.calls).at(-1)!;
  forge(world, { body: JSON.stringify({ ...JSON.parse(body), Status: 'FAILED', Reason }) });
}

/** Somebody makes the identity anew, with that signing. */
function signBy(world: World, selector: string, pem: string): void {
  const name = { account: ACCOUNT, region: REGION, name: DOMAIN };
  const { tags } = world.scene.identity()!;
  world.scene.cloud.ses.deleteIdentity(name);
  const privateKey = pem.replace(/-----[^-]+-----|\s/g, '');
  world.scene.cloud.ses.createIdentity({ ...name, tags, dkim: { selector, privateKey } });
}

test('nothing is broken in a flow that nobody disturbs', async () => {
  expect(await brokenIn(UPDATE)).toEqual(new Set());
});

test.each<[check: string, flow: string, options: Omit<CellOptions, 'seed'>]>([
  ['1 publish before use', CREATE, after('TagResource', ({ scene }) => scene.erase(`s1._domainkey.${DOMAIN}`))],
  ['2 never someone else\'s record', CREATE,
    after('ChangeResourceRecordSets', ({ scene }) => scene.erase(`_dmarc.${DOMAIN}`))],
  ['3 the key stays put', CREATE, { tamper: (world) => forge(world, { service: 'ses', body: CANARIES.one }) }],
  ['5 roll-back restores', ROLL_BACK, { tamper: (world) => signBy(world, 's2', CANARIES.two) }],
  ['the deployment has its effect', UPDATE, { tamper: (world) => signBy(world, 's1', CANARIES.one) }],
  ['6 old mail still verifies', UPDATE, { tamper: ({ scene }) => scene.erase(`s1._domainkey.${DOMAIN}`) }],
  ['9 one answer', CREATE, { tamper: (world) => failAgain(world, 'Changed its mind.') }],
  ['9 a clean answer', CREATE, { tamper: (world) => failAgain(world, 'x is undefined.') }],
  ['10 what SES signs with stays published', UPDATE,
    after('ChangeResourceRecordSets', ({ scene }) => scene.erase(`s1._domainkey.${DOMAIN}`))],
  ['11 a request that no longer stands writes nothing', CREATE, {
    tamper: (world) => {
      const [{ processId }] = world.scene.cloud.lambda.invocations;
      forge(world, { service: 'ses', operation: 'TagResource', principal: { account: ACCOUNT, processId } });
    },
  }],
  ['12 nothing is left', CREATE, { tamper: ({ scene }) => scene.write(`left._domainkey.${DOMAIN}`, 'TXT', '"left"') }],
])('%s', async (check, flow, options) => {
  expect(await brokenIn(flow, options)).toContain(check);
});

test('9 one answer: an answer that is missing', async () => {
  const tamper = ({ scene: { cloud: { calls } } }: World) =>
    calls.splice(calls.findLastIndex(({ service }) => service === 's3'), 1);
  expect(await brokenIn(CREATE, { tamper })).toContain('9 one answer');
});

test('7 delete never sticks, and the next deployment succeeds: a fault that is not cleared', async () => {
  const tamper = ({ scene: { cloud: { faults } } }: World) => {
    faults.add({ service: 'ses', operation: 'GetEmailIdentity', kind: 'access-denied', times: Infinity });
    faults.clear = () => undefined;
  };
  const broken = await brokenIn(CREATE, { tamper });
  expect(broken).toContain('7 delete never sticks');
  expect(broken).toContain('the next deployment succeeds');
});

test('what passes does no harm: a fault that lasts is taken for one that passes', async () => {
  const kind = { ...KINDS.find(({ name }) => name === 'denied for good')!, isLasting: false };
  const point = { service: 'ses', operation: 'PutEmailIdentityDkimSigningAttributes', nth: 1 };
  const planned = { point, kind, undisturbed: { status: 'CREATE_COMPLETE', state: '' } };
  expect(await brokenIn(CREATE, {}, planned)).toEqual(new Set(['what passes does no harm']));
});

describe('a key is found in each form', () => {
  const canary = new Canary(CANARIES.one, CANARIES.two);
  const der = (type: 'pkcs1' | 'pkcs8') => createPrivateKey(CANARIES.one).export({ type, format: 'der' });
  const part = (text: string) => text.slice(text.length / 2, text.length / 2 + 60);

  test.each<[string, string]>([
    ['PEM', CANARIES.one.split('\n').slice(5, 7).join('\n')],
    ['PEM in JSON', JSON.stringify(JSON.stringify(CANARIES.one.split('\n').slice(5, 7).join('\n')))],
    ['base64 in short lines', part(der('pkcs1').toString('base64')).match(/.{1,20}/g)!.join('\r\n')],
    ['base64', part(der('pkcs8').toString('base64'))],
    ['base64 of PEM', part(Buffer.from(CANARIES.one).toString('base64'))],
    ['base64url', part(der('pkcs8').toString('base64url'))],
    ['hex', part(der('pkcs1').toString('hex'))],
    ['hex in capitals', part(der('pkcs1').toString('hex').toUpperCase())],
    ['DER, read as Latin-1', der('pkcs1').toString('latin1')],
    ['DER, read as UTF-8', der('pkcs1').toString('utf8')],
  ])('%s', (_, text) => {
    expect(canary.isIn(`before ${text} after`)).toBe(true);
  });

  test('and neither the public key nor another one is it', () => {
    expect(canary.isIn(createPrivateKey(CANARIES.two).export({ type: 'pkcs8', format: 'pem' }) as string)).toBe(false);
    expect(canary.isIn(createPublicKey(CANARIES.one).export({
      type: 'spki', format: 'pem',
    }) as string)).toBe(false);
  });
});
