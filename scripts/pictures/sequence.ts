// Draws a sequence diagram: who calls whom, from top to bottom.
//
//   own NAME heading | further lines     `who` for the others; from left to right in this order
//   NAME -> NAME : text                  a call; NAME --> NAME an answer
//   NAME does : text                     what it does by itself
import { Description, fail, linesOf, Statement } from './description';
import { arrow, line as straight, LINE_HEIGHT, MARGIN, picture, rectangle, round, text, widthOf } from './svg';

const PADDING = 16;
const STEP = 34;

interface Participant {
  readonly own: boolean;
  readonly lines: readonly string[];
}

interface Step {
  readonly from: number;
  readonly to: number;
  readonly answer: boolean;
  readonly content: string;
}

export function drawSequence({ title, description, statements }: Description): string {
  const names: string[] = [];
  const participants: Participant[] = [];
  const steps: Step[] = [];
  for (const statement of statements) {
    if (statement.word === 'who' || statement.word === 'own') {
      const [, name, content] = /^(\w+) (.+)$/.exec(statement.rest) ?? fail(statement.line, statement.rest);
      names.push(name);
      participants.push({ own: statement.word === 'own', lines: linesOf(content) });
    } else {
      steps.push(readStep(statement, names));
    }
  }
  return layOut(title, description, participants, steps);
}

function readStep({ word, rest, line }: Statement, names: readonly string[]): Step {
  const index = (name: string) =>
    names.includes(name)
      ? names.indexOf(name)
      : fail(line, `${word} ${rest}`, `names '${name}', which is nobody above it`);
  const alone = /^does : (.+)$/.exec(rest);
  if (alone) return { from: index(word), to: index(word), answer: false, content: alone[1] };
  const [, dashes, to, content] = /^(-?->) (\w+) : (.+)$/.exec(rest) ?? fail(line, `${word} ${rest}`);
  return { from: index(word), to: index(to), answer: dashes === '-->', content };
}

function layOut(
  title: string,
  description: string,
  participants: readonly Participant[],
  steps: readonly Step[],
): string {
  const headHeight = Math.max(...participants.map(({ lines }) => lines.length)) * LINE_HEIGHT + 2 * PADDING;
  const widths = participants.map(({ lines }) => Math.max(...lines.map(widthOf)) + 2 * PADDING);
  const centres = placeLifelines(widths, steps);
  const begin = MARGIN + headHeight;
  const end = begin + (steps.length + 1) * STEP;

  const lifelines = centres.map((x) => straight(x, begin, x, end, 'life'));
  const heads = participants.flatMap(({ own, lines }, index) => [
    rectangle(own ? 'own' : 'box', round(centres[index] - widths[index] / 2), MARGIN, round(widths[index]), headHeight),
    ...lines.map((content, number) =>
      text(
        content,
        centres[index],
        round(MARGIN + headHeight / 2 - ((lines.length - 1) * LINE_HEIGHT) / 2 + 4.5 + number * LINE_HEIGHT),
        number === 0 ? 'name' : 'plain',
      ),
    ),
  ]);
  const drawn = steps.flatMap(({ from, to, answer, content }, index) => {
    const y = begin + (index + 1) * STEP;
    if (from === to) return boxed(content, centres[from], y);
    return [
      arrow(centres[from], y, centres[to], y, answer),
      text(content, round((centres[from] + centres[to]) / 2), y - 8, 'label'),
    ];
  });
  const alone = steps
    .filter(({ from, to }) => from === to)
    .map(({ from, content }) => centres[from] + widthOf(content) / 2 + PADDING);
  const width = Math.max(centres.at(-1)! + widths.at(-1)! / 2, ...alone) + MARGIN;
  return picture(title, description, Math.ceil(width), end + MARGIN, [...lifelines, ...heads, ...drawn]);
}

function boxed(content: string, x: number, y: number): string[] {
  const width = widthOf(content) + 2 * PADDING;
  return [rectangle('own', round(x - width / 2), y - 19, round(width), 26), text(content, x, y - 1, 'plain')];
}

/** Places the lifelines as close to each other as heads and texts allow. */
function placeLifelines(widths: readonly number[], steps: readonly Step[]): number[] {
  const centres = [MARGIN + widths[0] / 2];
  for (const { from, to, content } of steps) {
    if (from === to && from === 0) centres[0] = Math.max(centres[0], MARGIN + widthOf(content) / 2 + PADDING);
  }
  for (let index = 1; index < widths.length; index++) {
    const beside = centres[index - 1] + (widths[index - 1] + widths[index]) / 2 + 24;
    const reach = steps
      .filter(({ from, to }) => from !== to && Math.max(from, to) === index)
      .map(({ from, to, content }) => centres[Math.min(from, to)] + widthOf(content) + 32);
    centres.push(Math.max(beside, ...reach));
  }
  return centres.map(round);
}
