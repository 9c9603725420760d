// Compares the templates of one app that is written in two languages.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { RESOURCE_TYPE, SigningProperties } from '../../src/private/contract';

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
interface Resource {
  readonly Type: string;
  readonly Properties?: { readonly [key: string]: Json };
  readonly Metadata?: { readonly [key: string]: Json };
}
export interface Template {
  readonly Resources: Readonly<Record<string, Resource>>;
  readonly [section: string]: unknown;
}
/** Templates by the name of their stack. */
export type Templates = Readonly<Record<string, Template>>;

const SUFFIX = '.template.json';

/** The signing methods that every example must use. */
export const METHODS: ReadonlyArray<SigningProperties['Method']> = ['EASY_DKIM', 'BYODKIM', 'DEED'];

export function readTemplates(assembly: string): Templates {
  return Object.fromEntries(readdirSync(assembly).filter((file) => file.endsWith(SUFFIX)).map((file) => [
    file.slice(0, -SUFFIX.length),
    JSON.parse(readFileSync(join(assembly, file), 'utf8')),
  ]));
}

export function signingMethods(templates: Templates): string[] {
  return Object.values(templates)
    .flatMap(({ Resources }) => Object.values(Resources))
    .filter(({ Type }) => Type === RESOURCE_TYPE)
    .map(({ Properties }) => (Properties?.Signing as unknown as SigningProperties).Method);
}

/** The differences, each with its place and both values. */
export function differences(expected: Templates, found: Templates): string[] {
  return [...differing(comparable(expected), comparable(found), '')];
}

/**
 * Leaves out what depends on the language and not on the app: the resource in which CDK reports library
 * versions, and the path of an asset. The code of the function is compared, by the hash in its name. Other
 * metadata is compared too, such as the acknowledged finding of cdk-nag in a policy.
 */
function comparable(templates: Templates): Json {
  const copy = structuredClone(templates) as Record<string, Template>;
  return Object.fromEntries(
    Object.entries(copy).map(([stack, { Resources, Conditions: _, ...sections }]) => [
      stack,
      {
        ...sections,
        Resources: Object.fromEntries(
          Object.entries(Resources)
            .filter(([, { Type }]) => Type !== 'AWS::CDK::Metadata')
            .map(([id, { Metadata: { 'aws:asset:path': __, ...metadata } = {}, ...resource }]) => [
              id,
              { ...resource, Metadata: metadata },
            ]),
        ),
      },
    ]),
  ) as Json;
}

function* differing(expected: Json | undefined, found: Json | undefined, path: string): Generator<string> {
  if (isDeepStrictEqual(expected, found)) return;
  if (!isNode(expected) || !isNode(found)) {
    yield `${path}: ${JSON.stringify(expected)}, ${JSON.stringify(found)}`;
    return;
  }
  for (const key of new Set([...Object.keys(expected), ...Object.keys(found)])) {
    yield* differing(expected[key], found[key], `${path}/${key}`);
  }
}

function isNode(value: Json | undefined): value is { [key: string]: Json } {
  return typeof value === 'object' && value !== null;
}
