// Draws what a command prints, as in a terminal that scrolls. Words that tell good from bad have a colour.
//
//   show > TEXT                          a line, with all its spaces after the `>`
import { Description, fail } from './description';
import { escape, LINE_HEIGHT, MARGIN, picture, round } from './svg';
import { marked } from '../../examples/demo/verdict-words';

/** Of a letter in the widest font of the style, at 12 pixels. */
const LETTER_WIDTH = 7.25;
const COLUMNS = 80;
/** So many lines are seen at once. */
const ROWS = 22;
/** How long each step takes, in seconds. */
const PACE = 0.4;

/** It waits for a fifth of the time at each end. With less motion, or without any, the first lines are seen. */
const STYLES = [
  '.shown { font: 12px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; white-space: pre; }',
  '@keyframes scroll { 0%, 20% { transform: none; } 80%, 100% { transform: translateY(var(--end)); } }',
  '@media (prefers-reduced-motion) { .scrolled { animation: none !important; } }',
  '.good { fill: #1a7f37; } .bad { fill: #cf222e; }',
  '@media (prefers-color-scheme: dark) { .good { fill: #3fb950; } .bad { fill: #ff7b72; } }',
];

export function drawTerminal({ title, description, statements }: Description): string {
  const shown = statements.map(({ word, rest, line }) => {
    const [, content] = /^> ?(.*)$/.exec(word === 'show' ? rest : '') ?? fail(line, `${word} ${rest}`);
    return content.length > COLUMNS ? fail(line, content, `is longer than ${COLUMNS} letters`) : content;
  });
  const width = Math.ceil(COLUMNS * LETTER_WIDTH);
  const rows = Math.min(ROWS, shown.length);
  const height = rows * LINE_HEIGHT;
  const steps = shown.length - rows;
  const timing = `${round(steps * PACE / 0.6)}s steps(${Math.max(1, steps)}) infinite`;
  return picture(title, description, width + 2 * MARGIN, height + 2 * MARGIN, [
    `<svg x="${MARGIN}" y="${MARGIN}" width="${width}" height="${height}">`,
    `<g class="scrolled" style="--end: ${-steps * LINE_HEIGHT}px; animation: scroll ${timing}">`,
    ...shown.map((content, index) =>
      `<text class="shown" xml:space="preserve" x="0" y="${round((index + 0.7) * LINE_HEIGHT)}">${coloured(content)}</text>`),
    '</g>',
    '</svg>',
  ], STYLES);
}

function coloured(content: string): string {
  return marked(escape(content), (kind, word) => `<tspan class="${kind}">${word}</tspan>`);
}
