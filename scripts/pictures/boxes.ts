// Draws boxes in columns and rows, with arrows between neighbours.
//
//   box NAME COLUMN FIRST-LAST heading | further lines      `own` instead of `box` for parts of this library
//   arrow NAME -> NAME at ROW : text | further lines        horizontal, in the middle of that row
//   arrow NAME -> NAME : text                               vertical, within a column
import { Description, fail, linesOf } from './description';
import { arrow, LINE_HEIGHT, MARGIN, picture, rectangle, round, text, widthOf } from './svg';

const PADDING = 16;
const ROW_GAP = 52;
const LEAST_COLUMN_GAP = 60;

interface Box {
  readonly name: string;
  readonly own: boolean;
  readonly column: number;
  readonly first: number;
  readonly last: number;
  readonly lines: readonly string[];
}

interface Arrow {
  readonly from: Box;
  readonly to: Box;
  /** The row of a horizontal arrow. Without it the arrow is vertical. */
  readonly row?: number;
  readonly lines: readonly string[];
}

export function drawBoxes({ title, description, statements }: Description): string {
  const boxes = new Map<string, Box>();
  const arrows: Arrow[] = [];
  for (const { word, rest, line } of statements) {
    if (word === 'box' || word === 'own') {
      const [, name, column, first, last, content] = /^(\w+) (\d+) (\d+)-(\d+) (.+)$/.exec(rest) ?? fail(line, rest);
      boxes.set(name, {
        name,
        own: word === 'own',
        column: Number(column),
        first: Number(first),
        last: Number(last),
        lines: linesOf(content),
      });
    } else if (word === 'arrow') {
      const [, from, to, row, content] = /^(\w+) -> (\w+)(?: at (\d+))? : (.+)$/.exec(rest) ?? fail(line, rest);
      const named = (name: string) => boxes.get(name) ?? fail(line, rest, `names '${name}', which is no box above it`);
      arrows.push({
        from: named(from),
        to: named(to),
        row: row === undefined ? undefined : Number(row),
        lines: linesOf(content),
      });
    } else {
      fail(line, `${word} ${rest}`);
    }
  }
  return layOut(title, description, [...boxes.values()], arrows);
}

function layOut(title: string, description: string, boxes: readonly Box[], arrows: readonly Arrow[]): string {
  const columns = Math.max(...boxes.map(({ column }) => column));
  const rows = Math.max(...boxes.map(({ last }) => last));
  const most = (values: readonly number[], least: number) => Math.max(least, ...values);
  const widths = upTo(columns).map(
    (column) =>
      most(
        boxes.filter((box) => box.column === column).map(({ lines }) => most(lines.map(widthOf), 0)),
        0,
      )
      + 2 * PADDING,
  );
  const gaps = upTo(columns - 1).map((column) => most(arrows
    .filter(({ from, to, row }) => row !== undefined && Math.min(from.column, to.column) === column)
    .flatMap(({ lines }) => lines.map((line) => widthOf(line) + 28)), LEAST_COLUMN_GAP));
  const heights = upTo(rows).map((row) => most(boxes.filter(({ first, last }) => first === row && last === row)
    .map(({ lines }) => lines.length * LINE_HEIGHT), LINE_HEIGHT) + 2 * PADDING);
  const left = (column: number) => MARGIN + sum(widths.slice(0, column - 1)) + sum(gaps.slice(0, column - 1));
  const top = (row: number) => MARGIN + sum(heights.slice(0, row - 1)) + (row - 1) * ROW_GAP;
  const right = ({ column }: Box) => left(column) + widths[column - 1];
  const bottom = ({ last }: Box) => top(last) + heights[last - 1];

  const drawn = boxes.flatMap((box) => {
    const height = bottom(box) - top(box.first);
    const middle = left(box.column) + widths[box.column - 1] / 2;
    const start = top(box.first) + height / 2 - (box.lines.length - 1) * LINE_HEIGHT / 2 + 4.5;
    return [
      rectangle(
        box.own ? 'own' : 'box',
        round(left(box.column)),
        top(box.first),
        round(widths[box.column - 1]),
        height,
      ),
      ...box.lines.map((content, index) =>
        text(content, round(middle), round(start + index * LINE_HEIGHT), index === 0 ? 'name' : 'plain'),
      ),
    ];
  });
  const connected = arrows.flatMap(({ from, to, row, lines }) => {
    if (row === undefined) {
      const x = round(left(from.column) + widths[from.column - 1] / 2);
      const down = from.last < to.first;
      const [upper, lower] = down ? [bottom(from), top(to.first)] : [bottom(to), top(from.first)];
      const start = (upper + lower) / 2 - (lines.length - 1) * LINE_HEIGHT / 2 + 4.5;
      return [
        down ? arrow(x, upper, x, lower) : arrow(x, lower, x, upper),
        ...lines.map((content, index) => text(content, x + 10, round(start + index * LINE_HEIGHT), 'label', 'start')),
      ];
    }
    const forward = from.column < to.column;
    const y = round(top(row) + heights[row - 1] / 2);
    const [start, end] = forward ? [right(from), left(to.column)] : [left(from.column), right(to)];
    return [
      arrow(round(start), y, round(end), y),
      ...lines.map((content, index) =>
        text(content, round((start + end) / 2), round(y - 8 + (index === 0 ? 0 : 8 + index * LINE_HEIGHT)), 'label'),
      ),
    ];
  });
  const width = left(columns) + widths[columns - 1] + MARGIN;
  const height = top(rows) + heights[rows - 1] + MARGIN;
  return picture(title, description, Math.ceil(width), Math.ceil(height), [...drawn, ...connected]);
}

function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index + 1);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
