// Every sentence that an error can say is in the table, or stands here with the reason why it is not.
import { join } from 'node:path';
import { textsIn, VALUE } from './texts-in';

const ROOT = join(__dirname, '..', '..');

/** Fewer words are a name, or a value. */
const LEAST_WORDS = 4;

/** The parts of a text between values and between sentences. */
function sentencesIn(text: string): string[] {
  return text.split(VALUE).flatMap((part) => part.split(/[.;:](?: |$)|\n/))
    .map((part) => part.trim().replace(/^[,.;:)]+ ?|[,(']+$/g, '').trim())
    .filter((part) => part.split(/\s+/).length >= LEAST_WORDS);
}

/** What a sentence looks like that is no part of the table, and why. */
const NOT_IN_THE_TABLE: readonly [RegExp, string][] = [];

const table = textsIn(__dirname).join('\n');
const sentences = ['src', 'lambda'].flatMap((folder) => textsIn(join(ROOT, folder))).flatMap(sentencesIn);

test('every sentence of the sources is in the table of bad input, or has a reason not to be', () => {
  const missing = sentences.filter((each) => !table.includes(each) && !NOT_IN_THE_TABLE.some(([form]) => form.test(each)));
  expect(missing).toEqual([]);
});
