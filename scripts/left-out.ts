// A plugin of esbuild that leaves out parts of packages that the handler never reaches, and that esbuild cannot drop:
// it sees that something refers to them, but not that nobody goes there.
//
// What is left out throws when somebody gets there after all. A file of another form than expected fails the build.
import { readFileSync } from 'node:fs';
import { Plugin } from 'esbuild';

interface Part {
  /** The end of the path of the file. */
  readonly file: string;
  /** All that the file exports. The build fails when it is something else. */
  readonly exports: readonly string[];
  /** Code for those exports of which a mention alone must not throw. `fail()` throws. */
  readonly instead?: Readonly<Record<string, string>>;
  /** Imports of that code. */
  readonly imports?: string;
  /** Code of the file that it stands for, whatever the white space. The build fails without it. */
  readonly form?: readonly string[];
}

const SMITHY = '@smithy/core/dist-es/submodules';
const CLIENTS = ['cloudformation', 'lambda', 'route-53', 'scheduler', 'secrets-manager', 'sesv2', 'sts'];

/** Exported for the test. */
export const PARTS: readonly Part[] = [
  {
    // Event streams: of all clients only Lambda's has operations with them, and `Invoke` has none. Without a marshaller
    // in its config, a client asks for one here when it meets an event stream.
    file: `${SMITHY}/event-streams/index.js`,
    exports: [
      'EventStreamCodec', 'HeaderMarshaller', 'Int64', 'MessageDecoderStream', 'MessageEncoderStream',
      'SmithyMessageDecoderStream', 'SmithyMessageEncoderStream', 'EventStreamMarshaller', 'eventStreamSerdeProvider',
      'readableStreamToIterable', 'iterableToReadableStream', 'UniversalEventStreamMarshaller',
      'universalEventStreamSerdeProvider', 'getChunkedStream', 'getUnmarshalledStream', 'getMessageUnmarshaller',
      'resolveEventStreamSerdeConfig', 'EventStreamSerde',
    ],
    instead: { resolveEventStreamSerdeConfig: '(config) => config' },
  },
  {
    // Signs the messages of event streams.
    file: '@smithy/signature-v4/dist-es/HeaderFormatter.js',
    exports: ['HeaderFormatter', 'Int64'],
    instead: { HeaderFormatter: 'class { format() { fail(); } }' },
    form: ['export class HeaderFormatter { format(headers) {'],
  },
  {
    // Signs for more Regions than one (SigV4A), which an optional package would have to do. Nobody asks for that: each
    // client has one Region.
    file: '@aws-sdk/signature-v4-multi-region/dist-es/SignatureV4MultiRegion.js',
    exports: ['SignatureV4MultiRegion'],
    imports: 'import { SignatureV4 } from "@smithy/signature-v4";',
    instead: {
      SignatureV4MultiRegion: `class extends SignatureV4 {
        static sigv4aDependency() { return "none"; }
        async sign(request, options) {
          return options?.signingRegion === "*" ? fail() : super.sign(request, options);
        }
        async presign() { fail(); }
        async signWithCredentials() { fail(); }
        async presignWithCredentials() { fail(); }
      }`,
    },
    form: [
      'this.sigv4Signer = new SignatureV4SignWithCredentials(options);',
      'sign(requestToSign, options = {}) { if (options.signingRegion === "*") {',
      'return this.getSigv4aSigner().sign(requestToSign, options); } return this.sigv4Signer.sign(requestToSign, options);',
    ],
  },
  // The SDK's own retries, also where AWS_RETRY_MODE is `adaptive`. Each client tries once, and `Retry` in lambda/base
  // does the rest.
  ...['Standard', 'Adaptive'].map((mode) => ({
    file: `${SMITHY}/retry/util-retry/${mode}RetryStrategy.js`,
    exports: [`${mode}RetryStrategy`],
    instead: {
      [`${mode}RetryStrategy`]: `class {
        mode = "${mode.toLowerCase()}";
        async acquireInitialRetryToken() { return { getRetryCount: () => 0, getRetryDelay: () => 0 }; }
        async refreshRetryTokenForRetry() { throw new Error("No retry token available"); }
        recordSuccess() {}
      }`,
    },
    form: [
      'async acquireInitialRetryToken(retryTokenScope) {', 'async refreshRetryTokenForRetry(token', 'recordSuccess(token) {',
    ],
  })),
  // The SHA-256 in JavaScript: for a Node.js without its own.
  { file: `${SMITHY}/checksum/sha256/Sha256Js.js`, exports: ['Sha256Js'] },
  // Streams of a browser: Node's are others.
  {
    file: `${SMITHY}/serde/util-stream/stream-collector.browser.js`,
    exports: ['streamCollector', 'collectBlob', 'collectReadableStream'],
  },
  // Asks an EC2 instance for its Region. A function has it in its environment.
  {
    file: `${SMITHY}/config/config-resolver/regionConfig/getInstanceMetadataRegion.js`,
    exports: ['getInstanceMetadataRegion'],
  },
  // Parameters of S3, which no client here is for.
  {
    file: `${SMITHY}/endpoints/middleware-endpoint/service-customizations/s3.js`,
    exports: [
      'resolveParamsForS3', 'DOT_PATTERN', 'S3_HOSTNAME_PATTERN', 'isDnsCompatibleBucketName', 'isArnBucketName',
    ],
  },
  {
    // The files in the home folder, where people have settings and credentials. A function has none, and to look there
    // for each setting of each client takes time.
    file: `${SMITHY}/config/node-config-provider/configLoader.js`,
    exports: ['loadConfig'],
    instead: {
      loadConfig: `({ environmentVariableSelector, default: byDefault }, { signingName, logger } = {}) => {
        const load = async () => {
          try {
            const value = environmentVariableSelector(process.env, { signingName, logger });
            if (value !== undefined) return value;
          } catch {} // a value that is none: the SDK takes the default, too
          return typeof byDefault === "function" ? byDefault() : byDefault;
        };
        let loaded;
        return () => loaded ??= load();
      }`,
    },
    form: [
      'memoize(chain(fromEnv(environmentVariableSelector, envOptions), '
      + 'fromSharedConfigFiles(configFileSelector, configuration), fromStatic(defaultValue)))',
    ],
  },
  {
    // When the service wants to be asked again. The SDK asks once.
    file: `${SMITHY}/retry/middleware-retry/parseRetryAfterHeader.js`,
    exports: ['parseRetryAfterHeader', 'getRetryAfterHint'],
    instead: { parseRetryAfterHeader: '() => undefined' },
    form: ['export function parseRetryAfterHeader(response, logger) {'],
  },
  // Answers that come as a stream, and lists in headers. No operation here has them.
  { file: `${SMITHY}/serde/util-stream/sdk-stream-mixin.js`, exports: ['sdkStreamMixin'] },
  { file: `${SMITHY}/serde/split-every.js`, exports: ['splitEvery'] },
  { file: `${SMITHY}/serde/split-header.js`, exports: ['splitHeader'] },
  // Texts that are JSON by their type, and shapes of which one member is set. No operation here has them.
  { file: `${SMITHY}/serde/lazy-json.js`, exports: ['LazyJsonString'] },
  { file: `${SMITHY}/protocols/UnionSerde.js`, exports: ['UnionSerde'] },
  { file: '@aws-sdk/core/dist-es/submodules/protocols/UnionSerde.js', exports: ['UnionSerde'] },
  {
    // Tells a logger what was sent and what came. No client has one: the handler's log has nothing from there.
    file: '@aws-sdk/core/dist-es/submodules/client/middleware-logger/loggerMiddleware.js',
    exports: ['loggerMiddleware', 'loggerMiddlewareOptions', 'getLoggerPlugin'],
    instead: { getLoggerPlugin: '() => ({ applyToStack: () => {} })' },
    form: ['clientStack.add(loggerMiddleware(), loggerMiddlewareOptions);', 'logger?.info?.({', 'logger?.error?.({'],
  },
  {
    // Which features of the SDK a client uses, for the header `User-Agent`. No answer depends on it.
    file: '@aws-sdk/core/dist-es/submodules/client/middleware-user-agent/check-features.js',
    exports: ['checkFeatures'],
    instead: { checkFeatures: 'async () => {}' },
    form: [
      'export async function checkFeatures(context, config, args) {', 'setFeature(context, "RETRY_MODE_STANDARD", "E");',
      'setFeature(context, key, value); } } }',
    ],
  },
  {
    // Warns of a Node.js that is old. The template says which one the function has, and it is not old.
    file: '@aws-sdk/core/dist-es/submodules/client/emitWarningIfUnsupportedVersion.js',
    exports: ['state', 'emitWarningIfUnsupportedVersion'],
    instead: { emitWarningIfUnsupportedVersion: '() => {}' },
    form: ['export const emitWarningIfUnsupportedVersion = (version) => {', 'process.emitWarning(`NodeVersionSupportWarning:'],
  },
  // Extensions of a client, which nobody passes. Without any, the config stays as it is.
  ...CLIENTS.map((client) => ({
    file: `@aws-sdk/client-${client}/dist-es/runtimeExtensions.js`,
    exports: ['resolveRuntimeExtensions'],
    instead: { resolveRuntimeExtensions: '(config, extensions) => extensions.length === 0 ? config : fail()' },
    form: [
      'extensions.forEach((extension) => extension.configure(extensionConfiguration)); return Object.assign(runtimeConfig, '
      + 'resolveAwsRegionExtensionConfiguration(extensionConfiguration), '
      + 'resolveDefaultRuntimeConfig(extensionConfiguration), '
      + 'resolveHttpHandlerRuntimeConfig(extensionConfiguration), '
      + 'resolveHttpAuthRuntimeConfig(extensionConfiguration)); };',
    ],
  })),
];

/** Functions of files that are used otherwise, by the end of the path of the file. Each throws. For the test, too. */
export const FUNCTIONS: Readonly<Record<string, readonly string[]>> = {
  // Event streams, as above. `resolveError` is for CBOR.
  [`${SMITHY}/protocols/HttpProtocol.js`]: [
    'resolveError', 'serializeEventStream', 'deserializeEventStream', 'loadEventStreamCapability',
    'getEventStreamMarshaller', 'resolveEventStreamMarshaller',
  ],
  // What no operation here sends in JSON or XML: maps, bytes, times.
  [`${SMITHY}/protocols/json/codec-v2/JsonShapeSerializer2.js`]: [
    'writeDiscriminatedDocument', 'writeBase64', 'writeMap', 'writeTimestamp',
  ],
  '@aws-sdk/core/dist-es/submodules/protocols/xml/XmlShapeSerializer.js': ['writeMap'],
  // For whoever takes the body of a request, which are bytes, for a text.
  [`${SMITHY}/protocols/json/codec-v2/JsonBytesStringAdapter.js`]: [
    'includes', 'indexOf', 'lastIndexOf', 'startsWith', 'endsWith', 'match', 'replace', 'search', 'split', 'substring',
    'trim', 'trimStart', 'trimEnd', 'charAt', 'charCodeAt', 'padStart', 'padEnd', 'repeat', 'toUpperCase',
    'toLowerCase',
  ],
  // Times in the form of a header, and times as text in JSON. Here they are numbers in JSON, and text in XML.
  [`${SMITHY}/serde/date-utils.js`]: ['dateToUtcString', 'parseRfc3339DateTimeWithOffset', 'parseRfc7231DateTime'],
  [`${SMITHY}/serde/schema-serde-lib/schema-date-utils.js`]: ['_parseRfc7231DateTime'],
  // Signatures for more Regions than one, as above.
  '@aws-sdk/core/dist-es/submodules/httpAuthSchemes/aws_sdk/AwsSdkSigV4ASigner.js': ['sign'],
  // Signatures of anything but a request: of a URL, of an event, of a text.
  '@smithy/signature-v4/dist-es/SignatureV4.js': ['presign', 'signEvent', 'signMessage', 'signString'],
  // To take a step of a request out. The SDK and the handler only add some.
  [`${SMITHY}/client/middleware-stack/MiddlewareStack.js`]: [
    'removeByName', 'removeByReference', 'remove', 'removeByTag',
  ],
  // Only the log of a client asks for it.
  [`${SMITHY}/client/smithy-client/schemaLogFilter.js`]: ['schemaLogFilter'],
  // Services that changed from the query protocol to another one, and say so in their answers.
  '@aws-sdk/core/dist-es/submodules/protocols/ProtocolLib.js': ['setQueryCompatError', 'queryCompatOutput'],
  // The handler sends plain queries.
  'dns-packet/opcodes.js': ['exports.toOpcode'],
  'dns-packet/rcodes.js': ['exports.toRcode'],
};

/** dns-packet's file with the types of records. */
const RECORD_TYPES = 'dns-packet/index.js';

/** The types of records that the handler sends or reads. PTR has the code of CNAME and DNAME. */
const KEPT_TYPES = ['A', 'AAAA', 'CNAME', 'DNAME', 'NS', 'OPT', 'PTR', 'SOA', 'TXT'];

/** Stands for the types that are left out. Whoever answers may add such a record, so it is passed over. */
const LEFT_OUT_TYPE = `
const leftOut = () => { throw new Error('This type of DNS record is left out of the bundle') }
leftOut.encode = leftOut.encodingLength = leftOut
leftOut.decode = (buf, offset) => {
  leftOut.decode.bytes = 2 + buf.readUInt16BE(offset)
  if (offset + leftOut.decode.bytes > buf.length) throw new Error('Cannot decode record (buffer overflow)')
  return new Proxy({}, { get: leftOut })
}
`;

/** Stands for the options of OPT in the same way. */
const LEFT_OUT_OPTION = `
const roption = {
  encode: () => leftOut(),
  encodingLength: () => leftOut(),
  decode: (buf, offset) => {
    const data = leftOut.decode(buf, offset + 2)
    roption.decode.bytes = 2 + leftOut.decode.bytes
    return data
  }
}
`;

export const leftOut: Plugin = {
  name: 'left-out',
  setup({ onLoad, onEnd }) {
    let unseen = new Set<string>();
    const changes: (readonly [string, (source: string) => string])[] = [
      ...PARTS.map((part) => [part.file, (source: string) => withoutPart(source, part)] as const),
      ...Object.keys(FUNCTIONS).map((file) => [file, (source: string) => withoutFunctions(source, file)] as const),
      [RECORD_TYPES, withoutRecordTypes],
    ];
    const startOver = () => unseen = new Set(changes.map(([file]) => file));
    startOver();
    for (const [file, change] of changes) {
      const filter = new RegExp(`[\\\\/]${file.split('/').map(escaped).join('[\\\\/]')}$`);
      onLoad({ filter }, ({ path }) => {
        unseen.delete(file);
        return { contents: change(readFileSync(path, 'utf8')), loader: 'js' };
      });
    }
    onEnd(({ errors }) => {
      const missing = [...unseen];
      startOver();
      if (errors.length === 0) requireForm(missing.length === 0, `nothing imports ${missing.join(', ')}`);
    });
  },
};

/** A file with the same exports: to call one throws, and so does `new` and a look at a property. */
export function withoutPart(source: string, { file, exports, instead = {}, imports = '', form = [] }: Part): string {
  requireForm(exportsOf(source, file).sort().join() === [...exports].sort().join(), `other exports of ${file}`);
  const code = source.replace(/\s+/g, ' ');
  for (const each of form) requireForm(code.includes(each), `no \`${each}\` in ${file}`);
  return [
    imports,
    `const fail = () => { throw new Error(${JSON.stringify(`${file} is left out of the bundle`)}); };`,
    'const leftOut = /* @__PURE__ */ new Proxy(function () {}, { apply: fail, construct: fail, get: fail });',
    ...exports.map((name) => `export const ${name} = ${instead[name] ?? 'leftOut'};`),
  ].join('\n');
}

/**
 * A file of which some functions throw. Each is looked for by its name, up to the end of its block. What only those
 * used, such as regular expressions, can be dropped.
 */
export function withoutFunctions(source: string, file: string): string {
  requireForm(!source.includes('leftOut'), `leftOut in ${file}`);
  const result = FUNCTIONS[file].reduce((code, name) => {
    const START = `(?:(?:export|const|static|async|function) )*${escaped(name)}(?: =|:)? ?(?:function )?`;
    const one = new RegExp(`^( *)(${START})\\(.*\\)( =>)? \\{\\n(?:\\1 .*\\n|\\n)*\\1\\}`, 'gm');
    requireForm([...code.matchAll(one)].length === 1, `not one function ${name} in ${file}`);
    return code.replace(one, `$1$2()$3 { leftOut(${JSON.stringify(name)}); }`);
  }, source);
  const text = JSON.stringify(` of ${file} is left out of the bundle`);
  return `${result.replace(/ = new RegExp\(/g, ' = /* @__PURE__ */ new RegExp(')}\nfunction leftOut(name) { throw new Error(name + ${text}); }\n`;
}

const EXPORT = /^export (?:\{ (.*?),? \}(?: from .*)?;|(?:const|class|(?:async )?function\*?) (\w+)\b.*)$/;

/** The names that a file exports. */
function exportsOf(source: string, file: string): string[] {
  return [...source.matchAll(/^export\b.*$/gm)].flatMap(([line]) => {
    const [, names, name] = EXPORT.exec(line) ?? [];
    requireForm(names !== undefined || name !== undefined, `${line} in ${file}`);
    return name ?? names.split(', ').map((each) => each.replace(/^.* as /, ''));
  });
}

/**
 * dns-packet without the code of the types of records that are not used: it is one file, of which esbuild can drop
 * nothing. To write a record of such a type throws, and so does a look at the data of one.
 */
export function withoutRecordTypes(source: string): string {
  const cases = [...source.matchAll(/^ {4}case '(\w+)': return (r\w+)\n/gm)];
  const used = cases.filter(([, type]) => KEPT_TYPES.includes(type));
  requireForm(used.length === KEPT_TYPES.length, 'not all used types of records in dns-packet');
  let result = source;
  for (const [line, type, code] of cases) {
    if (KEPT_TYPES.includes(type)) continue;
    result = withoutObject(result.replace(line, `    case '${type}': return leftOut\n`), code);
  }
  for (const helper of ['string', 'typebitmap']) result = withoutObject(result, helper);
  result = result.replace(objectOf('roption'), LEFT_OUT_OPTION).replace(/^const optioncodes = .*\n/m, '');
  requireForm(result.includes(LEFT_OUT_OPTION) && !result.includes('optioncodes'), 'the options of OPT in dns-packet');
  return result + LEFT_OUT_TYPE;
}

/** Without that object, which nobody else may use. */
function withoutObject(source: string, name: string): string {
  const result = source.replace(objectOf(name), '');
  const isNamed = new RegExp(`(?<![.\\w'])${name}\\b(?!')`).test(result);
  requireForm(result !== source && !isNamed, `the object ${name} of dns-packet`);
  return result;
}

/** Finds `const <name> = {}`, and all that is put on the object up to the next one. */
function objectOf(name: string): RegExp {
  const START = `const ${name} = (?:exports\\.\\w+ = )?\\{\\}\\n`;
  return new RegExp(`^${START}(?:\\n|${name}\\..*\\n| .*\\n|\\}\\n)*`, 'm');
}

function escaped(text: string): string {
  return text.replace(/[.]/g, '\\.');
}

function requireForm(holds: boolean, found: string): void {
  if (holds) return;
  throw new Error(`A package has another form than scripts/left-out.ts knows: ${found}. Look at its new version, and `
    + 'teach the plugin');
}
