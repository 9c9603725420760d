// What a target gets in place of the event: a constant, or a template with parts of the event.
// https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_InputTransformer.html
import { ServiceError } from '../service-error';

export interface InputTransformer {
  readonly InputPathsMap?: Readonly<Record<string, string>>;
  readonly InputTemplate: string;
}

/** Characters of a constant, and of a template: documented. */
const LONGEST = 8192;
/** Documented is 100; the reference of CloudFormation says 10. */
const MOST_PATHS = 10;

export function checkInput(input: string | undefined, transformer: InputTransformer | undefined): void {
  if (input !== undefined && transformer) throw invalid('Only one of Input, InputPath, or InputTransformer must be provided.');
  const text = input ?? transformer?.InputTemplate;
  if (text !== undefined && text.length > LONGEST) throw invalid(`An input has at most ${LONGEST} characters.`);
  if (input !== undefined) requireJson(input);
  if (!transformer) return;
  const paths = Object.values(transformer.InputPathsMap ?? {});
  if (paths.length > MOST_PATHS) throw invalid(`There are more than ${MOST_PATHS} paths.`);
  for (const path of paths) if (!/^\$(\.[\w-]+)*$/.test(path)) throw invalid(`Invalid InputPath ${path}.`);
  requireJson(transformed(transformer, {}));
}

/** A part that the event lacks is an empty text. Parts within a text are not known here. */
export function transformed({ InputPathsMap = {}, InputTemplate }: InputTransformer, event: object): string {
  return InputTemplate.replace(/<([\w-]+)>/g, (whole, name: string) => {
    if (!(name in InputPathsMap)) throw invalid(`The template has no value for ${whole}.`);
    const keys = InputPathsMap[name].split('.').slice(1);
    return JSON.stringify(keys.reduce((value: any, key) => value?.[key], event) ?? '');
  });
}

function requireJson(text: string): void {
  try {
    JSON.parse(text);
  } catch {
    throw invalid('JSON syntax error in input.');
  }
}

function invalid(message: string): ServiceError {
  return new ServiceError('ValidationException', 400, message);
}
