// Draws a picture from its text. The first statement is the kind: `picture boxes`, `sequence` or `terminal`.
import { drawBoxes } from './boxes';
import { readDescription } from './description';
import { drawSequence } from './sequence';
import { drawTerminal } from './terminal';

export function draw(source: string): string {
  const kind = /^picture (\w+)$/m.exec(source)?.[1];
  switch (kind) {
    case 'boxes':
      return drawBoxes(readDescription(source));
    case 'sequence':
      return drawSequence(readDescription(source));
    case 'terminal':
      return drawTerminal(readDescription(source));
    default:
      throw new Error(
        `A picture is of the kind 'boxes', 'sequence' or 'terminal', not '${kind}'. Say so in its first line: picture boxes`,
      );
  }
}
