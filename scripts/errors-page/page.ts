// docs/errors.md as text, from the table of bad input.
import { Place, PLACES, Refusal } from '../../test/bad-input/refusal';

const HEAD = `# Messages

This page has every message of synthesis, deployment, rotation and watching, in the order in which they can occur.
Search for the words of your message. \`…\` stands for values.
In most rows, *what to do* is the end of the message itself: if several rows have your message, compare that.

The reason of a failed deployment is in [the events of the stack](trouble.md#the-reason). No message has the text of a key.
`;

export function errorsPage(refusals: readonly Refusal[]): string {
  const places = Object.keys(PLACES) as Place[];
  const cases = refusals.flatMap(({ atSynthesis = [], atDeployment = [], atRotation = [] }) =>
    [...atSynthesis, ...atDeployment, ...atRotation]).length;
  const foot = `\`npx projen errors\` writes this page from the table of bad input in \`test/bad-input/\`.
It has ${cases} cases for ${refusals.length} messages. Each case is tested: it leads to this message, and leaves nothing behind.
`;
  return [HEAD, ...places.map((place) => section(place, refusals)), foot].join('\n');
}

function section(place: Place, refusals: readonly Refusal[]): string {
  const [title, intro] = PLACES[place];
  const rows = refusals.filter((refusal) => refusal.place === place).flatMap(rowsOf);
  return `## ${title}\n\n${intro}\n\n| message | why | what to do |\n| --- | --- | --- |\n${[...new Set(rows)].join('\n')}\n`;
}

/** One row, or one for each property that a message begins with: users look for its name. */
function rowsOf({ says, advises, why, atSynthesis = [] }: Refusal): string[] {
  const [start, name] = /^\{(property|option)\}/.exec(says) ?? [];
  const named = name === undefined ? [says]
    : [...new Set(atSynthesis.map(({ parts }) => says.replace(start!, parts![name].split(' ')[0])))];
  return named.map((each) => `| \`${open(each).replace(SAMPLE, '…')}\` | ${why} | ${plain(sentence(open(advises)))} |`);
}

/** Values of the cases that stand in messages as they are. */
const SAMPLE = /(?<=')(?:example\.com|\d{12}|Mail(?:\/\w+)?|aws(?:-cn)?)(?=')|(?<=\()example\.com(?=\))|us-east-1|eu-west-1|127\.0\.0\.1|ns1\.other\.example\.|RSA_2048_BIT|\b600\b/g;

/** With a mark in place of what differs. */
function open(template: string): string {
  return template.replace(/(?:\{\w+\})+/g, '…').replace(/'Mail\/\w+'/g, "'…'").replaceAll('|', '\\|');
}

/** Advice is no Markdown. */
function plain(text: string): string {
  return text.replace(/[<*[\]]|\b_|_\b/g, '\\$&');
}

function sentence(text: string): string {
  if (text === '…' || text === '') return 'The message says it.';
  return `${text[0].toUpperCase()}${text.slice(1)}${/[.!?…]$/.test(text) ? '' : '.'}`;
}
