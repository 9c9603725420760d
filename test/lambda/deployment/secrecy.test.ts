// No piece of a key leaves the function, by the log or the answer, whichever call quotes it.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DesiredSigning, SecretSource } from '../../../lambda/base/desired-state';
import { ChangeRefusedError, SecretGoneError, ZoneGoneError } from '../../../lambda/base/errors';
import { Services } from '../../../lambda/base/ports';
import { byo, DEED, EASY, keyRecord, KEYS, record } from '../fixtures/aws-in-memory';
import { KEYS_ARN, KeysInMemory, ROTATING } from '../fixtures/keys-in-memory';
import { answers, MINUTE, PHYSICAL_ID, properties, StackInMemory } from '../fixtures/stack-in-memory';

const KEY = KEYS.one.privateKey;
const PEM = `-----BEGIN PRIVATE KEY-----\n${KEY.replace(/.{64}/g, '$&\n')}\n-----END PRIVATE KEY-----\n`;
const IN_PIECES = KEY.match(/.{1,30}/g)!.join(', ');
/** As AWS validation messages quote what they refuse. */
const WHOLE =
  `1 validation error detected: Value '${KEY}' at 'signingAttributes.domainSigningPrivateKey' failed to satisfy `
    + `constraint: ${PEM}`;
/** Short pieces are known for a key by whoever has read it: only then can a service have got it from the function. */
const QUOTING = `${WHOLE} (${IN_PIECES})`;

const error = (name: string, text = QUOTING) => Object.assign(new Error(text), { name, $metadata: {} });
const fails = (name = 'ValidationException', text = QUOTING) => () => Promise.reject(error(name, text));

/** Twelve characters in a row are a piece. */
function expectNoPiece(text: string): void {
  for (let at = 0; at + 12 <= KEY.length; at++) {
    if (text.includes(KEY.slice(at, at + 12))) throw new Error(`${KEY.slice(at, at + 12)} is in ${text}`);
  }
}

type Scenario = (stack: StackInMemory) => Promise<unknown>;

/** A deployed stack, so that the function has read the key before something quotes it. */
async function deployed(signing: DesiredSigning = byo('s1')): Promise<StackInMemory> {
  const stack = new StackInMemory();
  stack.aws.set({ status: 'SUCCESS' }, 'eu-west-1');
  await stack.answered({ ResourceProperties: properties(signing) });
  stack.aws.set({ status: 'SUCCESS' });
  return stack;
}

const S2 = properties(byo('s2', 'one'));
const change = (stack: StackInMemory) => stack.update(properties(), S2);
const withServices = (changed: (services: Services) => Partial<Services>, run = change): Scenario => async (stack) => {
  stack.servicesFor = (services) => ({ ...services, ...changed(services) });
  return run(stack);
};
const withSes = (changed: Partial<Services['ses']>, run?: Scenario) =>
  withServices(({ ses }) => ({ ses: { ...ses, ...changed } }), run);
const withZone = (changed: object, run?: Scenario) => withServices(({ hostedZone }) => ({
  hostedZone: (settings) => {
    const zone = hostedZone(settings);
    return {
      describe: zone.describe.bind(zone),
      wildcardFor: zone.wildcardFor.bind(zone),
      negativeTtl: zone.negativeTtl.bind(zone),
      list: zone.list.bind(zone),
      change: zone.change.bind(zone),
      ...changed,
    };
  },
}), run);
const remove = (stack: StackInMemory) => stack.remove(properties());

/** By what quotes the key in it. */
const SCENARIOS: Record<string, Scenario> = {
  'SES is read': withSes({ read: fails() }),
  'SES is told': withSes({ putSigning: fails('BadRequestException') }),
  'SES takes no tag off': withSes({ untag: fails('AccessDenied', WHOLE) }, remove),
  'SES is told a key length': async (stack) => {
    stack.servicesFor = (services) => ({
      ...services, ses: { ...services.ses, putSigning: fails('BadRequestException', WHOLE) },
    });
    return stack.update(properties(EASY), properties({ ...EASY, keyLength: 'RSA_1024_BIT' }));
  },
  'a call is retried until the time is over': withServices(({ ses, retry }) => ({
    ses: { ...ses, read: () => retry.call('GetEmailIdentity', fails('ThrottlingException')) },
  })),
  'a bug happens': withSes({ read: () => Promise.reject(new TypeError(QUOTING)) }),
  'the secret is read': withServices(() => ({ secrets: { read: fails('ValidationException', WHOLE) } })),
  'the zone is described': withZone({ describe: fails('AccessDenied') }),
  'the zone is listed': withZone({ list: fails() }),
  'a change is refused': withZone({ change: () => Promise.reject(new ChangeRefusedError(QUOTING)) }),
  'the zone is gone': withZone({ list: () => Promise.reject(new ZoneGoneError(WHOLE)) }, remove),
  'somebody has it in a record of the same name': async (stack) => {
    stack.aws.zone.records.push(record('s2._domainkey.example.com', 'TXT', `"v=DKIM1; k=rsa; p=${KEY}"`));
    return change(stack);
  },
  'name servers answer it': async (stack) => {
    stack.aws.publicAnswer = () => [{ nameServer: 'ns1', values: [`"${KEY}"`] }, { nameServer: 'ns2', error: QUOTING }];
    return change(stack);
  },
  'a name server is silent': async (stack) => {
    const values = [keyRecord('s2').data];
    stack.aws.publicAnswer = () => [{ nameServer: 'ns1', values }, { nameServer: KEY, silence: 'lame', error: QUOTING }];
    return change(stack);
  },
  'SES says it in place of a status': async (stack) => {
    stack.aws.onPause = () => stack.aws.set({ status: 'FAILED', errorType: QUOTING, origin: KEY });
    return stack.update(properties(), properties(byo('s2', 'one'), { WaitForVerification: '60' }));
  },
  'signing is switched off': async (stack) => {
    stack.aws.set({ signingEnabled: false });
    return change(stack);
  },
  'the previous zone is left': withServices(({ hostedZone }) => ({
    hostedZone: (settings) =>
      settings.id === 'ZONE1' ? { ...hostedZone(settings), list: fails() } : hostedZone(settings),
  }), async (stack) => {
    stack.aws.addZone('ZONE2');
    return stack.update(properties(), properties(byo('s1'), { HostedZoneId: 'ZONE2' }));
  }),
  'the properties are something else': (stack) => stack.update({ Identity: QUOTING }, { Identity: QUOTING }),
  'the old properties are something else': (stack) => stack.update({ Identity: QUOTING }, S2),
  'CloudFormation does not say': async (stack) => {
    stack.stackStatusFails = error('ValidationException', WHOLE);
    const { ResponseURL } = stack.event({});
    stack.aws.time += MINUTE;
    await stack.answered({ RequestType: 'Update', PhysicalResourceId: PHYSICAL_ID, ResponseURL });
    return stack.remove(properties(), `failed/${PHYSICAL_ID}`);
  },
  'a roll-back fails': async (stack) => {
    stack.stackStatus = 'UPDATE_ROLLBACK_IN_PROGRESS';
    return withSes({ read: fails() })(stack);
  },
  'a clean-up fails': async (stack) => {
    stack.stackStatus = 'UPDATE_COMPLETE_CLEANUP_IN_PROGRESS';
    return withSes({ read: fails('ValidationException', WHOLE) }, remove)(stack);
  },
  'a further invocation cannot be started': async (stack) => {
    stack.startFails = error('ValidationException');
    return stack.update(properties(), properties(byo('s2', 'one'), { WaitForVerification: '3600' }));
  },
  'a replica is not led back': async () => {
    const replica = await deployed(DEED);
    replica.aws.putRefused = error('BadRequestException', WHOLE);
    const answer = await replica.remove(properties(DEED));
    expectNoPiece(replica.aws.lines.join(''));
    return answer;
  },
};

const TOKEN = 'e'.repeat(32);
const step = (Step: string) => ({ Step, ClientRequestToken: TOKEN });

/** The stack comes to a rotating key, whose next key is stored and not used yet. Both are the canary. */
async function rotating(
  stack: StackInMemory, addNext = (keys: KeysInMemory) => keys.add(TOKEN, 'AWSPENDING', 'n1', PEM),
): Promise<KeysInMemory> {
  const keys = new KeysInMemory(stack.aws);
  keys.add('c'.repeat(32), 'AWSCURRENT', 's1', PEM);
  stack.servicesFor = (services) => keys.among(services);
  const { Status } = await stack.update(properties(), { ...properties(), Signing: ROTATING });
  expect(Status).toBe('SUCCESS');
  stack.aws.set({ status: 'SUCCESS' });
  addNext(keys);
  return keys;
}

const OWN_ARN = 'arn:aws:secretsmanager:us-east-1:111111111111:secret:own';
const FOLLOWED = { ...ROTATING, Follows: { SecretArn: OWN_ARN, JsonField: 'privateKey' } };

/** The stack follows a secret that the user writes. What it has in it, and whether its first version is there still. */
async function following(stack: StackInMemory, says: { text: string; isWhole: boolean }) {
  const keys = new KeysInMemory(stack.aws);
  const first = says.text;
  const servicesFor = (services: Services) => ({
    ...keys.among(services),
    secrets: {
      read: async ({ versionId }: SecretSource) => {
        if (versionId !== 'v1') return { text: says.text, versionId: says.text === first ? 'v1' : 'v2' };
        if (says.isWhole) return { text: first, versionId };
        throw new SecretGoneError(QUOTING);
      },
    },
  });
  stack.servicesFor = servicesFor;
  const { Status } = await stack.update(properties(), { ...properties(), Signing: FOLLOWED });
  expect(Status).toBe('SUCCESS');
  stack.aws.set({ status: 'SUCCESS' });
  return () => keys.rotate({ Secrets: [KEYS_ARN] }, servicesFor);
}

const named = (selector: string) => JSON.stringify({ selector, privateKey: PEM });

/** What a rotation says to its caller has no piece of the key either. */
async function expectRefused(run: Promise<void>): Promise<void> {
  const { message, stack } = await run.then(() => new Error('nothing was refused'), (refusal: Error) => refusal);
  expect(message).not.toBe('nothing was refused');
  expectNoPiece(`${message} ${stack}`);
}

/** By what quotes the key in a rotation, or in a deployment of a rotating key. */
const ROTATIONS: Record<string, Scenario> = {
  'the secret of a rotating key that is left is described': async (stack) => {
    const keys = await rotating(stack);
    stack.servicesFor = (services) => ({
      ...keys.among(services),
      keyStore: (arn) => ({ ...keys.among(services).keyStore(arn), describe: fails('AccessDenied', WHOLE) }),
    });
    return stack.update({ ...properties(), Signing: ROTATING }, S2);
  },
  'SES gives up the next key': async (stack) => {
    const keys = await rotating(stack);
    await keys.rotate(step('setSecret'));
    stack.aws.set({ status: 'FAILED', errorType: QUOTING });
    await expectRefused(keys.rotate(step('testSecret')));
    expect(keys.idOf('AWSPENDING')).toBeUndefined();
  },
  'SES is told the next key': async (stack) => {
    const keys = await rotating(stack);
    await expectRefused(keys.rotate(step('setSecret'), (services) => ({
      ...services, ses: { ...services.ses, putSigning: fails('BadRequestException') },
    })));
  },
  'the next key is stored': async (stack) => {
    const keys = await rotating(stack, (made) => made.begin(TOKEN));
    await expectRefused(keys.rotate(step('createSecret'), (services) => ({
      ...services, keyStore: (arn) => ({ ...services.keyStore(arn), put: fails('InvalidParameterException') }),
    })));
  },
  'a label is moved': async (stack) => {
    const keys = await rotating(stack);
    await keys.rotate(step('setSecret'));
    stack.aws.set({ status: 'SUCCESS' });
    await expectRefused(keys.rotate(step('finishSecret'), (services) => ({
      ...services, keyStore: (arn) => ({ ...services.keyStore(arn), moveLabel: fails() }),
    })));
  },
  'a followed secret has something else in it': async (stack) => {
    const says = { text: named('s1'), isWhole: true };
    const care = await following(stack, says);
    says.text = QUOTING;
    await expectRefused(care());
    says.text = named(QUOTING);
    await expectRefused(care());
  },
  'SES gives up the next key of a followed secret, and nobody has the one before': async (stack) => {
    const says = { text: named('s1'), isWhole: true };
    const care = await following(stack, says);
    Object.assign(says, { text: named('n1'), isWhole: false });
    stack.aws.onPause = () => stack.aws.set({ status: 'FAILED', errorType: QUOTING });
    await expectRefused(care());
    expect(stack.aws.lines.join()).toContain('"next-key-kept"');
  },
  'the secret has something else in it': async (stack) => {
    const keys = await rotating(stack, (made) => made.store(TOKEN, 'AWSPENDING', QUOTING));
    await expectRefused(keys.rotate(step('setSecret')));
  },
  'the hourly care lists the zone': async (stack) => {
    const keys = await rotating(stack);
    await expectRefused(keys.rotate({ Secrets: [KEYS_ARN] }, (services) => ({
      ...services,
      hostedZone: (settings) => {
        const zone = services.hostedZone(settings);
        return {
          describe: zone.describe.bind(zone),
          wildcardFor: zone.wildcardFor.bind(zone),
          negativeTtl: zone.negativeTtl.bind(zone),
          list: fails(),
          change: zone.change.bind(zone),
        };
      },
    })));
  },
  'a further Region is left': async (stack) => {
    const keys = await rotating(stack);
    keys.tags['cdk-ses-dkim:FurtherRegion:eu-west-1'] = 'Further';
    stack.aws.time += 6 * 60 * MINUTE;
    await keys.rotate({ Secrets: [KEYS_ARN] }, (services, region) =>
      region === 'eu-west-1' ? { ...services, ses: { ...services.ses, read: fails() } } : services);
    expect(keys.idOf('AWSPENDING')).toBeUndefined();
  },
  'the tags of the secret say it': async (stack) => {
    const keys = await rotating(stack);
    Object.assign(keys.tags, { 'cdk-ses-dkim:Identity': KEY, 'cdk-ses-dkim:SelectorPrefix': PEM });
    await expectRefused(keys.rotate(step('setSecret')));
  },
  'the event says it': async (stack) => {
    const keys = await rotating(stack);
    await expectRefused(keys.rotate({ Step: QUOTING }));
    await expectRefused(keys.rotate({ Revoke: KEY }));
  },
};

/** The decisions that are logged with a text that comes from elsewhere, as the code says. */
function decisionsWithText(): string[] {
  const lambda = join(__dirname, '..', '..', '..', 'lambda');
  return readdirSync(lambda, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => readFileSync(join(lambda, file), 'utf8'))
    .flatMap((source) =>
      [...source.matchAll(/\blog\('([a-z-]+)',[^;]*\bmessage\b[^;]*;/g)].map(([, decision]) => decision));
}

const seen = new Set<string>();

test.each(Object.entries({ ...SCENARIOS, ...ROTATIONS }))('no piece of the key leaves when it is quoted where %s', async (_, run) => {
  const stack = await deployed();
  await run(stack);
  const { lines } = stack.aws;
  expectNoPiece(lines.map((line) => JSON.stringify(JSON.parse(line))).join('\n'));
  expectNoPiece(JSON.stringify(answers.map(({ body: { Reason } }) => Reason)));
  for (const line of lines) seen.add(JSON.parse(line).decision);
});

test('the scenarios come by every log call that has a text from elsewhere', () => {
  // What `answer-retried` says is a status or a code. A replica, whose signing is left alone, has a stack of its own.
  // The function that watches reads no key; what somebody has put into DNS is in test/lambda/watch/on-schedule.test.ts.
  const elsewhere = ['answer-retried', 'signing-left-alone', 'look-failed', 'problem-seen'];
  expect(decisionsWithText().length).toBeGreaterThan(8);
  expect(decisionsWithText().filter((decision) => !seen.has(decision) && !elsewhere.includes(decision))).toEqual([]);
});
