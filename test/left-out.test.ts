// Tests of what the bundle leaves out of packages: it throws when it is reached, the rest does what it did, and files
// of another form than the plugin knows fail the build.
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import * as dnsPacket from 'dns-packet';
import { build, transform } from 'esbuild';
import { FUNCTIONS, leftOut, PARTS, withoutFunctions, withoutPart, withoutRecordTypes } from '../scripts/left-out';

const PACKAGES = join(__dirname, '..', 'node_modules');
const DNS_PACKET = readFileSync(join(PACKAGES, 'dns-packet', 'index.js'), 'utf8');

function sourceOf(file: string): string {
  return readFileSync(join(PACKAGES, file), 'utf8');
}

/** What the code exports as the file of that path. */
function run(code: string, file: string): Record<string, any> {
  const exported = {};
  new Function('require', 'exports', code)(createRequire(join(PACKAGES, file)), exported);
  return exported;
}

/** What a part that is left out exports instead. */
function stubOf(part: typeof PARTS[number]): Record<string, any> {
  const code = withoutPart(sourceOf(part.file), part)
    .replace(/^import (\{ \w+ \}) from (".*?");$/gm, 'const $1 = require($2);')
    .replace(/^export const (\w+) =/gm, 'exports.$1 =');
  return run(code, part.file);
}

const partNamed = (name: string) => PARTS.find(({ exports }) => exports.includes(name))!;

describe('a part that is left out', () => {
  test.each(PARTS.map((part) => [part.file, part] as const))('%s throws wherever it is reached', (file, part) => {
    const stub = stubOf(part);
    expect(Object.keys(stub)).toEqual(part.exports);
    const message = `${file} is left out of the bundle`;
    for (const value of Object.entries(stub).flatMap(([name, each]) => part.instead?.[name] ? [] : [each])) {
      expect(() => value({})).toThrow(message);
      expect(() => new value()).toThrow(message);
      expect(() => value.anything).toThrow(message);
    }
  });

  test('event streams: the config of a client stays as it is, and a header is not written', () => {
    const config = {};
    expect(stubOf(partNamed('EventStreamSerde')).resolveEventStreamSerdeConfig(config)).toBe(config);
    expect(config).toEqual({});
    const { HeaderFormatter } = stubOf(partNamed('HeaderFormatter'));
    expect(() => new HeaderFormatter().format({})).toThrow('HeaderFormatter.js is left out');
  });

  test.each(['Standard', 'Adaptive'])('a client has one try, as with the SDK\'s own strategy for one attempt: %s', async (mode) => {
    const strategyName = `${mode}RetryStrategy`;
    const { [strategyName]: Original } = createRequire(join(PACKAGES, 'x'))('@smithy/core/retry');
    const { [strategyName]: Stub } = stubOf(partNamed(strategyName));
    for (const strategy of [new Original(1), new Stub(1)]) {
      const token = await strategy.acquireInitialRetryToken('');
      expect([strategy.mode, token.getRetryCount()]).toEqual([mode.toLowerCase(), 0]);
      strategy.recordSuccess(token);
      await expect(strategy.refreshRetryTokenForRetry(token, { errorType: 'TRANSIENT' })).rejects.toThrow(
        'No retry token available');
    }
  });

  test('a setting is what the environment says, else the default, as the SDK has it without files in the home folder', async () => {
    const { loadConfig: original } = createRequire(join(PACKAGES, 'x'))('@smithy/core/config');
    const { loadConfig: stub } = stubOf(partNamed('loadConfig'));
    const nowhere = join(__dirname, 'nowhere');
    const files = { filepath: nowhere, configFilepath: nowhere, ignoreCache: true };
    const environmentVariableSelector = (
      { CDK_SES_DKIM_TEST: value }: NodeJS.ProcessEnv, options: { signingName?: string },
    ) => {
      if (value === 'wrong') throw new Error('It is no value');
      return value && `${value} ${options.signingName}`;
    };
    const configFileSelector = ({ setting }: Record<string, string>) => setting;
    try {
      for (const value of [undefined, 'given', 'wrong']) {
        if (value) process.env.CDK_SES_DKIM_TEST = value;
        for (const byDefault of ['usual', undefined, async () => 'made']) {
          const found = await Promise.all([original, stub].map(async (loadConfig) => {
            const load = loadConfig({ environmentVariableSelector, configFileSelector, default: byDefault }, { ...files, signingName: 'ses' });
            return [await load(), await load()];
          }));
          expect(found[1]).toEqual(found[0]);
        }
      }
    } finally {
      delete process.env.CDK_SES_DKIM_TEST;
    }
  });

  test('when a service wants to be asked again is not read', () => {
    expect(stubOf(partNamed('parseRetryAfterHeader')).parseRetryAfterHeader({})).toBeUndefined();
  });

  test('a client has no step that logs', () => {
    const add = jest.fn();
    stubOf(partNamed('getLoggerPlugin')).getLoggerPlugin({}).applyToStack({ add });
    expect(add).not.toHaveBeenCalled();
  });

  test.each(PARTS.filter(({ exports }) => exports.includes('resolveRuntimeExtensions')).map((part) => [part.file, part] as const))(
    '%s: a client without extensions has the config that it had', async (file, part) => {
      const { outputFiles: [{ text }] } = await build({
        entryPoints: [join(PACKAGES, file)], bundle: true, format: 'cjs', platform: 'node', write: false,
      });
      const original = new Function('require', `const module = {}; ${text}; return module.exports`)(createRequire(__filename));
      const stub = stubOf(part);
      const client = createRequire(__filename)(join(PACKAGES, file, '..', '..'));
      const Client = Object.values<any>(client).find(({ name }) => /^(?!__).+Client$/.test(name));
      for (const { resolveRuntimeExtensions } of [original, stub]) {
        const { config } = new Client({ region: 'eu-west-1', maxAttempts: 1 });
        const before = Object.entries(config);
        expect(resolveRuntimeExtensions(config, [])).toBe(config);
        expect(before.filter(([key, value]) => config[key] !== value)).toEqual([]);
        expect(Object.keys(config).filter((key) => config[key] !== undefined)).toEqual(
          before.filter(([, value]) => value !== undefined).map(([key]) => key));
      }
      expect(() => stub.resolveRuntimeExtensions({}, [{}])).toThrow(`${file} is left out of the bundle`);
    });

  test('a request for one Region is signed as before, and one for all is not', async () => {
    const load = createRequire(join(PACKAGES, '@aws-sdk', 'client-sesv2', 'package.json'));
    const { SignatureV4MultiRegion: Original } = load('@aws-sdk/signature-v4-multi-region');
    const { Sha256 } = load('@smithy/core/checksum');
    const { HttpRequest } = load('@smithy/core/transport');
    const settings = {
      service: 'ses',
      region: 'eu-west-1',
      sha256: Sha256,
      uriEscapePath: true,
      credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret', sessionToken: 'token' },
    };
    const request = () => new HttpRequest({
      method: 'PUT',
      protocol: 'https:',
      hostname: 'email.eu-west-1.amazonaws.com',
      path: '/v2/email/a%20b',
      query: { a: 'b' },
      headers: { host: 'email.eu-west-1.amazonaws.com' },
      body: '{"some":"body"}',
    });
    const { SignatureV4MultiRegion: Stub } = stubOf(partNamed('SignatureV4MultiRegion'));
    expect(Stub.sigv4aDependency()).toBe(Original.sigv4aDependency());
    for (const signingRegion of [undefined, 'us-east-2']) {
      const options = { signingDate: new Date('2026-01-02T03:04:05Z'), signingService: 'ses', signingRegion };
      const signed = await new Stub(settings).sign(request(), options);
      expect(signed.headers.authorization).toMatch(/^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/20260102\//);
      expect(signed).toEqual(await new Original({ ...settings, runtime: 'node' }).sign(request(), options));
    }
    const message = 'SignatureV4MultiRegion.js is left out';
    await expect(new Stub(settings).sign(request(), { signingRegion: '*' })).rejects.toThrow(message);
    for (const method of ['presign', 'signWithCredentials', 'presignWithCredentials']) {
      await expect(new Stub(settings)[method](request())).rejects.toThrow(message);
    }
  });

  test.each<[string, (source: string) => string, string]>([
    ['an export fewer', (source) => source.replace('getChunkedStream', 'getStream'), 'EventStreamSerde'],
    ['an export more', (source) => `${source}\nexport class More {}`, 'EventStreamSerde'],
    ['an export of another form', (source) => `${source}\nexport * from "./more";`, 'EventStreamSerde'],
    ['other code', (source) => source.replace('this.sigv4Signer.sign(', 'this.sign('), 'SignatureV4MultiRegion'],
  ])('that has %s fails the build', (_, change, name) => {
    const part = partNamed(name);
    const changed = change(sourceOf(part.file));
    expect(changed).not.toBe(sourceOf(part.file));
    expect(() => withoutPart(changed, part)).toThrow(/A package has another form .*(?:streams.index|MultiRegion)\.js/);
  });

  test('that nothing imports any more fails the build', async () => {
    const building = build({ stdin: { contents: '1' }, write: false, plugins: [leftOut], logLevel: 'silent' });
    await expect(building).rejects.toThrow(/nothing imports .*event-streams.*, dns-packet/);
  });
});

describe('a function that is left out', () => {
  const each = Object.entries(FUNCTIONS).flatMap(([file, names]) => names.map((name) => [file, name] as const));

  test.each(each)('%s: %s throws, and nothing else of the file has changed', (file, name) => {
    const lines = sourceOf(file).split('\n');
    const left = withoutFunctions(sourceOf(file), file);
    const [stub, ...others] = left.split('\n').filter((line) => line.includes(`{ leftOut("${name}"); }`));
    expect(others).toEqual([]);
    expect(stub).toMatch(new RegExp(`^ *[\\w ]*\\b${name.replace('.', '\\.')}\\b.*\\(\\)(?: =>)? \\{ leftOut`));
    const kept = left.split('\n').filter((line) => !/\bleftOut\(/.test(line));
    expect(kept.filter((line) => !lines.includes(line.replace('/* @__PURE__ */ new RegExp', 'new RegExp')))).toEqual([]);
    expect(left).toContain(`throw new Error(name + " of ${file} is left out of the bundle")`);
  });

  test('throws, and the others of its file do what they did', async () => {
    const file = Object.keys(FUNCTIONS).find((path) => path.endsWith('/MiddlewareStack.js'))!;
    const { code } = await transform(withoutFunctions(sourceOf(file), file), { format: 'cjs' });
    const module = { exports: {} as Record<string, any> };
    new Function('require', 'module', code)(createRequire(join(PACKAGES, file)), module);
    const stack = module.exports.constructStack();
    stack.add((next: (args: string) => string) => (args: string) => next(`${args}, then`), { step: 'build' });
    expect(stack.resolve((args: string) => args, {})('first')).toBe('first, then');
    expect(() => stack.removeByTag('any')).toThrow(`removeByTag of ${file} is left out of the bundle`);
  });

  test.each<[string, (source: string) => string]>([
    ['is not there any more', (source) => source.replace('    async presign(', '    async presignRequest(')],
    ['is there twice', (source) => source.replace('async signString(', 'async presign() {\n    }\n    async signString(')],
    ['has another form', (source) => source.replace('async presign(', 'presign = async function (')],
  ])('%s: fails the build', (_, change) => {
    const file = '@smithy/signature-v4/dist-es/SignatureV4.js';
    const changed = change(sourceOf(file));
    expect(changed).not.toBe(sourceOf(file));
    expect(() => withoutFunctions(changed, file)).toThrow(/A package has another form .*presign.*SignatureV4\.js/);
  });
});

describe('the operations that the handler calls need nothing that is left out', () => {
  const SERVICES = join(__dirname, '..', 'lambda', 'services');
  const load = createRequire(__filename);
  const { NormalizedSchema } = load('@smithy/core/schema');
  const operations = readdirSync(SERVICES).flatMap((file) =>
    [...readFileSync(join(SERVICES, file), 'utf8').matchAll(/import \{([^}]*)\} from '(@aws-sdk\/client-[\w-]+)'/g)]
      .flatMap(([, names, client]) => names.match(/\w+Command\b/g)?.map((command) => [client, command] as const) ?? []));

  /** What the handler never sets. */
  const NEVER_SET = ['SecretBinary', 'Target.EcsParameters', 'StartDate', 'EndDate'];

  /** Each member with its path, down to the innermost ones. */
  function members(schema: unknown, path: string[] = []): { path: string; of: any; traits: any }[] {
    const of = NormalizedSchema.of(schema);
    const own = { path: path.join('.'), of, traits: of.getMergedTraits() };
    const inside = of.isStructSchema()
      ? [...of.structIterator()].flatMap(([name, member]) => members(member, [...path, name]))
      : of.isListSchema() ? members(of.getValueSchema(), path) : [];
    return [own, ...inside];
  }

  test('there are some', () => expect(operations.length).toBeGreaterThan(15));

  test.each(operations)('%s %s', (client, command) => {
    const [, , , , input, output] = new (load(client)[command])({}).schema;
    const sent = members(input).filter(({ path }) => !NEVER_SET.some((each) => `${path}.`.startsWith(`${each}.`)));
    const unwritten = sent.filter(({ of, traits }) => of.isMapSchema() || of.isTimestampSchema()
      || (of.isBlobSchema() && !traits.httpPayload));
    expect(unwritten.map(({ path }) => path)).toEqual([]);
    const OWN_FORM = [5, 6, 7]; // of a time; without one of its own, it has that of the protocol
    const unread = members(output).filter(({ of, traits }) => OWN_FORM.includes(of.getSchema())
      || traits.httpPrefixHeaders || (traits.httpHeader && of.isListSchema()));
    expect(unread.map(({ path }) => path)).toEqual([]);
    const special = [...sent, ...members(output)].filter(({ of, traits }) =>
      of.isUnionSchema() || of.isDocumentSchema() || of.isStreaming() || traits.mediaType);
    expect(special.map(({ path }) => path)).toEqual([]);
  });
});

describe('the types of DNS records that are left out', () => {
  const small = run(withoutRecordTypes(DNS_PACKET), 'dns-packet/index.js') as typeof dnsPacket;
  const record = { name: 'example.com', ttl: 60, class: 'IN' } as const;
  const used: dnsPacket.Packet['answers'] = [
    { ...record, type: 'A', data: '192.0.2.1' }, { ...record, type: 'AAAA', data: '2001:db8::1' },
    { ...record, type: 'NS', data: 'ns.example.net' }, { ...record, type: 'CNAME', data: 'a.example.net' },
    { ...record, type: 'DNAME', data: 'b.example.net' }, { ...record, type: 'TXT', data: ['v=DKIM1; ', 'p=abc'] },
    { ...record, type: 'SOA', data: { mname: 'ns.example.net', rname: 'root.example.net', serial: 7 } },
  ];
  const unused: dnsPacket.Packet['answers'] = [
    { ...record, type: 'MX', data: { preference: 1, exchange: 'mx.example.net' } },
    { ...record, type: 'CAA', data: { flags: 0, tag: 'issue', value: 'ca.example.net' } },
    { ...record, type: 'DS', data: { keyTag: 1, algorithm: 13, digestType: 2, digest: Buffer.alloc(32) } },
  ];
  const edns = {
    type: 'OPT',
    name: '.',
    udpPayloadSize: 1232,
    extendedRcode: 0,
    ednsVersion: 0,
    flags: 0,
    flag_do: false,
    options: [],
  } as const;
  const message = (answers: dnsPacket.Packet['answers']): dnsPacket.Packet => ({
    type: 'response', id: 7, questions: [{ type: 'TXT', name: 'example.com' }], answers, additionals: [edns as any],
  });

  test('what is used is written and read as before', () => {
    const encoded = dnsPacket.encode(message(used));
    expect(small.encode(message(used))).toEqual(encoded);
    expect(small.streamEncode(message(used))).toEqual(dnsPacket.streamEncode(message(used)));
    expect(small.decode(encoded)).toEqual(dnsPacket.decode(encoded));
    expect(small.decode(encoded).answers).toHaveLength(7);
  });

  test('a record of a type that is left out is passed over, and throws only when its data are read', () => {
    const { answers = [] } = small.decode(dnsPacket.encode(message([...unused, ...used])));
    expect(answers.map(({ type }) => type)).toEqual([...unused, ...used].map(({ type }) => type));
    expect(answers.slice(3)).toEqual(dnsPacket.decode(dnsPacket.encode(message(used))).answers);
    for (const each of answers.slice(0, 3)) {
      expect(each).toMatchObject({ name: 'example.com', ttl: 60 });
      expect(() => (each as any).data.exchange).toThrow('This type of DNS record is left out of the bundle');
    }
  });

  test.each(unused)('a record is not written: $type', (each) => {
    expect(() => small.encode(message([each]))).toThrow('This type of DNS record is left out of the bundle');
  });

  test('options that a name server adds are passed over, whatever is in them, and none is written', () => {
    const sizes = [[10, 8], [8, 4], [11, 1], [14, 3], [65001, 0]];
    const options = sizes.map(([code, size]) => ({ code, data: Buffer.alloc(size) }));
    const additional = { ...edns, options } as any;
    const { answers, additionals = [] } = small.decode(
      dnsPacket.encode({ ...message(used), additionals: [additional, used[0]] }));
    expect(answers).toEqual(small.decode(dnsPacket.encode(message(used))).answers);
    expect(additionals[0]).toMatchObject({ type: 'OPT', udpPayloadSize: 1232 });
    expect(additionals[1]).toMatchObject(used[0]);
    expect(() => small.encode({ ...message([]), additionals: [additional] })).toThrow('is left out');
    const [cookie] = options;
    const encoded = dnsPacket.encode({ ...message([]), additionals: [{ ...edns, options: [cookie] } as any] });
    expect(() => small.decode(encoded.subarray(0, -1))).toThrow('buffer overflow');
  });

  test('a record that is cut off cannot be read', () => {
    const encoded = dnsPacket.encode({ ...message(unused), additionals: [] });
    expect(() => small.decode(encoded.subarray(0, -1))).toThrow('buffer overflow');
  });

  test('a type that dns-packet does not know is read as bytes, as before', () => {
    const unknown = { ...record, type: 'UNKNOWN_65280', data: Buffer.from('abc') } as any;
    const encoded = dnsPacket.encode(message([unknown]));
    expect(small.decode(encoded)).toEqual(dnsPacket.decode(encoded));
  });

  test.each<[string, (source: string) => string]>([
    ['a used type', (source) => source.replace("case 'TXT': return rtxt", "case 'TXT': { return rtxt }")],
    ['the code of a type', (source) => source.replace('rmx = exports.mx = {}', 'rmx = exports.mx = make()')],
    ['the code between two types', (source) => source.replace('const rtlsa =', 'register(rnaptr)\n\nconst rtlsa =')],
    ['a use of a type elsewhere', (source) => `${source}\nexports.mail = rmx\n`],
    ['the options', (source) => source.replace('const roption = exports.option = {}', 'const roption = options()')],
    ['the codes of options', (source) => `${source}\nexports.codes = optioncodes\n`],
    ['a helper', (source) => source.replace('const typebitmap = {}', 'const typebitmap = new Bitmap()')],
  ])('%s that is not as it was fails the build', (_, change) => {
    const changed = change(DNS_PACKET);
    expect(changed).not.toBe(DNS_PACKET);
    expect(() => withoutRecordTypes(changed)).toThrow(/A package has another form than .*dns-packet/);
  });
});
