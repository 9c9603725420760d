// The SVG that all kinds of pictures share: the frame, the colours, texts, lines and arrows.

/** Room around the picture. */
export const MARGIN = 24;
export const LINE_HEIGHT = 18;

/**
 * Estimates the width of a text. It cannot be measured, because there is no browser and every reader has
 * another font. The estimate is a little too wide, so that no text leaves its box.
 */
export function widthOf(content: string): number {
  return content.length * 7.4;
}

/**
 * A whole picture. It has its own background, light or dark as the reader's system prefers, to be readable on
 * every page.
 */
export function picture(
  title: string,
  description: string,
  width: number,
  height: number,
  content: readonly string[],
  styles: readonly string[] = [],
): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" `
      + 'role="img" aria-labelledby="title description">',
    `<title id="title">${escape(title)}</title>`,
    `<desc id="description">${escape(description)}</desc>`,
    '<style>',
    '.background { fill: #ffffff; stroke: #d0d7de; } .box { fill: #f6f8fa; stroke: #57606a; } '
      + '.own { fill: #ddf4ff; stroke: #0969da; }',
    '.line { stroke: #57606a; stroke-width: 1.5; fill: none; } .life { stroke: #afb8c1; } .head { fill: #57606a; }',
    'text { font: 13px system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; fill: #1f2328; } '
      + '.name { font-weight: 600; }',
    // The stroke hides a line behind a label.
    '.label { stroke: #ffffff; stroke-width: 4; paint-order: stroke; }',
    '@media (prefers-color-scheme: dark) {',
    '.background { fill: #0d1117; stroke: #30363d; } .box { fill: #161b22; stroke: #8b949e; } '
      + '.own { fill: #0c2d6b; stroke: #58a6ff; }',
    '.line { stroke: #8b949e; } .life { stroke: #484f58; } .head { fill: #8b949e; } text { fill: #e6edf3; } '
      + '.label { stroke: #0d1117; }',
    '}',
    ...styles,
    '</style>',
    `<rect class="background" x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="8"/>`,
    ...content,
    '</svg>',
    '',
  ].join('\n');
}

export function rectangle(kind: 'box' | 'own', x: number, y: number, width: number, height: number): string {
  return `<rect class="${kind}" x="${x}" y="${y}" width="${width}" height="${height}" rx="6"/>`;
}

export function text(
  content: string,
  x: number,
  y: number,
  kind: 'name' | 'plain' | 'label',
  anchor: 'start' | 'middle' = 'middle',
): string {
  return `<text class="${kind}" x="${x}" y="${y}" text-anchor="${anchor}">${escape(content)}</text>`;
}

export function line(fromX: number, fromY: number, toX: number, toY: number, kind = 'line'): string {
  return `<path class="${kind}" d="M${fromX} ${fromY} L${toX} ${toY}"/>`;
}

/** A straight line with a head. A dashed one is an answer. */
export function arrow(fromX: number, fromY: number, toX: number, toY: number, dashed = false): string {
  const length = Math.hypot(toX - fromX, toY - fromY);
  const [alongX, alongY] = [(toX - fromX) / length, (toY - fromY) / length];
  const side = (sign: number) =>
    `${round(toX - 9 * alongX - sign * 4.5 * alongY)} ${round(toY - 9 * alongY + sign * 4.5 * alongX)}`;
  return `<path class="line"${dashed ? ' stroke-dasharray="5 4"' : ''} d="M${fromX} ${fromY} L${toX} ${toY}"/>`
    + `<path class="head" d="M${toX} ${toY} L${side(1)} L${side(-1)} Z"/>`;
}

export function round(number: number): number {
  return Math.round(number * 10) / 10;
}

export function escape(content: string): string {
  return content.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;');
}
