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
  /** Code for those exports of which a mention alone must not throw. `leftOut()` throws. */
  readonly instead?: Readonly<Record<string, string>>;
  /** Imports of that code. */
  readonly imports?: string;
  /** What that code relies on. The build fails without it. */
  readonly form?: RegExp;
}

const SMITHY = '@smithy/core/dist-es/submodules';

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
    instead: { HeaderFormatter: 'class { format() { leftOut(); } }' },
    form: /^ {4}format\(headers\) \{$/m,
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
          return options?.signingRegion === "*" ? leftOut() : super.sign(request, options);
        }
        async presign() { leftOut(); }
        async signWithCredentials() { leftOut(); }
        async presignWithCredentials() { leftOut(); }
      }`,
    },
    form: /async sign\(requestToSign, options = \{\}\) \{\s+if \(options\.signingRegion === "\*"\) \{\s+return this\.getSigv4aSigner\(\)\.sign\(requestToSign, options\);\s+\}\s+return this\.sigv4Signer\.sign\(requestToSign, options\);/,
  },
  // The SHA-256 in JavaScript: for a Node.js without its own.
  { file: `${SMITHY}/checksum/sha256/Sha256Js.js`, exports: ['Sha256Js'] },
  // Streams of a browser: Node's are others.
  { file: `${SMITHY}/serde/util-stream/sdk-stream-mixin.browser.js`, exports: ['sdkStreamMixin'] },
  { file: `${SMITHY}/serde/util-stream/stream-collector.browser.js`, exports: ['streamCollector', 'collectBlob', 'collectReadableStream'] },
  // Asks an EC2 instance for its Region. A function has it in its environment.
  { file: `${SMITHY}/config/config-resolver/regionConfig/getInstanceMetadataRegion.js`, exports: ['getInstanceMetadataRegion'] },
  // Parameters of S3, which no client here is for.
  {
    file: `${SMITHY}/endpoints/middleware-endpoint/service-customizations/s3.js`,
    exports: ['resolveParamsForS3', 'DOT_PATTERN', 'S3_HOSTNAME_PATTERN', 'isDnsCompatibleBucketName', 'isArnBucketName'],
  },
];

/** dns-packet's file with the types of records. */
const RECORD_TYPES = /[\\/]dns-packet[\\/]index\.js$/;

/** The types of records that the handler asks for, reads or sends. */
const KEPT_TYPES = ['A', 'AAAA', 'CNAME', 'DNAME', 'NS', 'OPT', 'PTR', 'TXT']; // PTR is the code of CNAME and DNAME too

export const leftOut: Plugin = {
  name: 'left-out',
  setup({ onLoad, onEnd }) {
    let unseen = new Set<string>();
    const expect = () => unseen = new Set([...PARTS.map(({ file }) => file), 'dns-packet']);
    expect();
    for (const part of PARTS) {
      const filter = new RegExp(`[\\\\/]${part.file.split('/').map(escaped).join('[\\\\/]')}$`);
      onLoad({ filter }, ({ path }) => {
        unseen.delete(part.file);
        return { contents: withoutPart(readFileSync(path, 'utf8'), part), loader: 'js' };
      });
    }
    onLoad({ filter: RECORD_TYPES }, ({ path }) => {
      unseen.delete('dns-packet');
      return { contents: withoutRecordTypes(readFileSync(path, 'utf8')), loader: 'js' };
    });
    onEnd(({ errors }) => {
      const missing = [...unseen];
      expect();
      if (errors.length === 0) requireForm(missing.length === 0, `nothing imports ${missing.join(', ')}`);
    });
  },
};

/** A file with the same exports that throw. */
export function withoutPart(source: string, { file, exports, instead = {}, imports = '', form }: Part): string {
  requireForm(exportsOf(source, file).sort().join() === [...exports].sort().join(), `other exports of ${file}`);
  requireForm(!form || form.test(source), `${file} does something else`);
  return [
    imports,
    `function leftOut() { throw new Error(${JSON.stringify(`${file} is left out of the bundle`)}); }`,
    ...exports.map((name) => `export const ${name} = ${instead[name] ?? 'leftOut'};`),
  ].join('\n');
}

function exportsOf(source: string, file: string): string[] {
  return [...source.matchAll(/^export\b.*$/gm)].flatMap(([line]) => {
    const [, names, name] = /^export (?:\{ (.*?),? \}(?: from .*)?;|(?:const|class|(?:async )?function\*?) (\w+)\b.*)$/.exec(line) ?? [];
    requireForm(names !== undefined || name !== undefined, `${line} in ${file}`);
    return name ?? names.split(', ').map((each) => each.replace(/^.* as /, ''));
  });
}

/**
 * dns-packet without the code of the types of records that are not used. It is one file of a form that esbuild drops
 * nothing of. A record of another type than the kept ones is read as bytes, as dns-packet does with each type that it
 * does not know. To write one throws.
 */
export function withoutRecordTypes(source: string): string {
  const cases = [...source.matchAll(/^ {4}case '(\w+)': return (r\w+)\n/gm)];
  const kept = cases.filter(([, type]) => KEPT_TYPES.includes(type));
  requireForm(kept.length === KEPT_TYPES.length && /^ {2}return runknown$/m.test(source), 'other types of dns-packet');
  let result = source;
  for (const [line, type, code] of cases) {
    if (KEPT_TYPES.includes(type)) continue;
    result = withoutObject(result.replace(line, ''), code);
  }
  for (const helper of ['string', 'typebitmap']) result = withoutObject(result, helper);
  return `${result}
runknown.encode = runknown.encodingLength = function () {
  throw new Error('Records of this type are left out of the bundle')
}
`;
}

/** Without `const <name> = {}`, and without all that is put on the object up to the next one. */
function withoutObject(source: string, name: string): string {
  const object = new RegExp(`^const ${name} = (?:exports\\.\\w+ = )?\\{\\}\\n(?:\\n|${name}\\..*\\n| .*\\n|\\}\\n)*`, 'm');
  const result = source.replace(object, '');
  requireForm(result !== source && !new RegExp(`(?<![.\\w'])${name}\\b(?!')`).test(result), `${name} of dns-packet`);
  return result;
}

function escaped(text: string): string {
  return text.replace(/[.]/g, '\\.');
}

function requireForm(holds: boolean, found: string): void {
  if (holds) return;
  throw new Error(`A package has another form than scripts/left-out.ts knows: ${found}. Look at its new version, and teach `
    + 'the plugin');
}
