// Draws what a command prints: line comes after line, and words that tell good from bad have a colour.
//
//   show > TEXT                          a line, with all its spaces after the `>`
import { Description, fail } from './description';
import { LINE_HEIGHT, MARGIN, picture, scrolled, terminalLine } from './svg';
import { BAD, GOOD } from '../../examples/demo/verdict-words';

/** Of a letter in the widest font of the style, at 12 pixels. */
const LETTER_WIDTH = 7.25;
const COLUMNS = 80;
/** So many lines are seen at once. Then those above make room. */
const ROWS = 22;
/** How long a reader has for each line, in seconds. */
const PACE = 0.25;

export function drawTerminal({ title, description, statements }: Description): string {
  const shown = statements.map(({ word, rest, line }) => {
    const [, content] = /^> ?(.*)$/.exec(word === 'show' ? rest : '') ?? fail(line, `${word} ${rest}`);
    return content.length > COLUMNS ? fail(line, content, `is longer than ${COLUMNS} letters`) : content;
  });
  const lines = shown.map((content, index) =>
    terminalLine(parts(content), 0, (index + 0.7) * LINE_HEIGHT, index * PACE));
  const width = Math.ceil(COLUMNS * LETTER_WIDTH);
  const rows = Math.min(ROWS, shown.length);
  const height = rows * LINE_HEIGHT;
  return picture(title, description, width + 2 * MARGIN, height + 2 * MARGIN,
    scrolled(lines, width, height, { steps: shown.length - rows, after: (rows - 1) * PACE, pace: PACE }));
}

/** The words with a colour, and what is between them. */
function parts(content: string): { readonly kind: string; readonly content: string }[] {
  return content.split(new RegExp(`(${GOOD.source}|${BAD.source})`))
    .filter((part) => part !== undefined && part !== '')
    .map((part) => ({ kind: part.match(GOOD) ? 'good' : part.match(BAD) ? 'bad' : 'plain', content: part }));
}
