// Checks that the pictures in the docs are drawn from the text beside them.
import { readdirSync, readFileSync } from 'fs';
import { join } from 'path';
import { draw } from '../scripts/pictures/draw';

const FOLDER = join(__dirname, '..', 'docs', 'pictures');
const texts = readdirSync(FOLDER).filter((file) => file.endsWith('.txt'));

test('every picture in the docs has a text beside it', () => {
  const pictures = readdirSync(FOLDER).filter((file) => file.endsWith('.svg'));
  expect(texts).toEqual(['architecture.txt', 'demo.txt', 'new-selector.txt', 'rotation.txt']);
  expect(pictures).toEqual(texts.map((file) => file.replace(/\.txt$/, '.svg')));
});

test.each(texts)('the committed picture is the one that is drawn from %s', (file) => {
  const drawn = draw(readFileSync(join(FOLDER, file), 'utf8'));
  const committed = readFileSync(join(FOLDER, file.replace(/\.txt$/, '.svg')), 'utf8');
  if (drawn !== committed) throw new Error(`The picture of ${file} is out of date. Draw it again: npx projen pictures`);
});

// GitHub shows a README about 840 pixels wide, and makes a wider picture smaller, with its text.
test.each(texts)('the picture of %s is shown in its own size', (file) => {
  const [, width] = /width="(\d+)"/.exec(draw(readFileSync(join(FOLDER, file), 'utf8')))!;
  expect(Number(width)).toBeLessThanOrEqual(840);
});

test('text is escaped, so that the picture is well-formed XML', () => {
  const drawn = draw('picture boxes\ntitle a < b & c\ndescription none\nbox one 1 1-1 "quoted" <i>\n');
  expect(drawn).toContain('a &lt; b &amp; c');
  expect(drawn).toContain('&quot;quoted&quot; &lt;i&gt;');
  expect(drawn).not.toContain('<i>');
});

test('a line of a terminal keeps its spaces, and words that tell good from bad have a colour', () => {
  const drawn = draw('picture terminal\ntitle t\ndescription d\nshow >   dkim=pass, dkim=none\nshow >\n');
  expect(drawn).toContain('>  <tspan class="good">dkim=pass</tspan>, <tspan class="bad">dkim=none</tspan></text>');
});

test.each([
  ['an unknown kind', 'picture cloud\n', /'cloud'/],
  ['no title', 'picture boxes\ndescription d\n', /is missing: title/],
  [
    'an arrow to a box that is not there',
    'picture boxes\ntitle t\ndescription d\nbox a 1 1-1 A\narrow a -> b : x\n',
    /Line 5 .*'b', which is no box/,
  ],
  [
    'a call to nobody',
    'picture sequence\ntitle t\ndescription d\nwho a A\na -> b : x\n',
    /Line 5 .*'b', which is nobody/,
  ],
  [
    'a line that no terminal of 80 columns shows',
    `picture terminal\ntitle t\ndescription d\nshow > ${'x'.repeat(81)}\n`,
    /Line 4 .*is longer than 80/,
  ],
  ['a line without its beginning', 'picture terminal\ntitle t\ndescription d\nshow x\n', /Line 4 .*is not understood/],
  [
    'a statement that means nothing',
    'picture sequence\ntitle t\ndescription d\nwho a A\na shouts : x\n',
    /Line 5 .*is not understood/,
  ],
])('the text of a picture with %s is refused, and the error says what is wrong', (_, source, message) => {
  expect(() => draw(source)).toThrow(message);
});
