// Draws a picture from its text. The first statement is the kind: `picture boxes` or `picture sequence`.
import { drawBoxes } from './boxes';
import { readDescription } from './description';
import { drawSequence } from './sequence';

export function draw(source: string): string {
  const kind = /^picture (\w+)$/m.exec(source)?.[1];
  switch (kind) {
    case 'boxes':
      return drawBoxes(readDescription(source));
    case 'sequence':
      return drawSequence(readDescription(source));
    default:
      throw new Error(
        `A picture is of the kind 'boxes' or 'sequence', not '${kind}'. Say so in its first line: picture boxes`,
      );
  }
}
