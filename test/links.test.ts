// Checks the links inside the docs: each leads to a file and a heading that exist.
import { existsSync, readdirSync, readFileSync } from 'fs';
import { dirname, join, relative } from 'path';

const ROOT = join(__dirname, '..');

function pagesIn(folder: string): string[] {
  return readdirSync(join(ROOT, folder)).filter((file) => file.endsWith('.md')).map((file) => join(ROOT, folder, file));
}

function foldersIn(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => join(folder, name));
}

/** Only two levels of folders, because an example can have installed packages with pages of their own. */
const PAGES = ['.', 'docs', ...foldersIn('docs'), 'examples', ...foldersIn('examples')].flatMap(pagesIn);

function withoutCode(markdown: string): string {
  return markdown.replace(/^```[^]*?^```/gm, '').replace(/`[^`\n]*`/g, '`');
}

/** Links in the text, and those that are defined below it: `[name]: target`. */
function linksOf(markdown: string): string[] {
  const inText = /\]\(([^()\s]+(?:\([^()]*\)[^()\s]*)*)\)|^\[[^\]]+\]: (\S+)$/gm;
  return [...withoutCode(markdown).matchAll(inText)].map(([, target, defined]) => target ?? defined);
}

/** What a name in brackets, without a target of its own, stands for. */
function namesOf(markdown: string): string[] {
  return [...withoutCode(markdown).matchAll(/\]\[([^\]]+)\]/g)].map(([, name]) => name);
}

/**
 * The anchors of the headings, as GitHub makes them: lower case, hyphens for spaces, no other punctuation.
 */
function anchorsOf(markdown: string): string[] {
  const headings = [...markdown.replace(/^```[^]*?^```/gm, '').matchAll(/^#{1,6} +(.+?) *$/gm)].map(([, heading]) =>
    heading
      .replace(/<[^>]*>/g, '')
      .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .trim()
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replace(/\s/g, '-'),
  );
  const numbered = headings.map((heading, index) => {
    const before = headings.slice(0, index).filter((other) => other === heading).length;
    return before === 0 ? heading : `${heading}-${before}`;
  });
  return [...numbered, ...[...markdown.matchAll(/ (?:id|name)="([^"]+)"/g)].map(([, id]) => id)];
}

/** How the README names files of the repository: npm, PyPI and Construct Hub show it without them. */
const PUBLISHED = [
  'https://github.com/cdk-ses-dkim/cdk-ses-dkim/blob/main/',
  'https://raw.githubusercontent.com/cdk-ses-dkim/cdk-ses-dkim/main/',
];

/** The problem of a link, if it has one. */
function problemOf(page: string, target: string): string | undefined {
  const published = PUBLISHED.find((start) => target.startsWith(start));
  if (published === undefined && /^(https?|mailto):/.test(target)) return undefined;
  const [path, anchor] = target.slice(published?.length ?? 0).split('#');
  const file = path === '' ? page : join(published ? ROOT : dirname(page), decodeURIComponent(path));
  if (!existsSync(file)) return `${relative(ROOT, page)} links to ${target}, and there is no such file`;
  if (anchor === undefined || anchorsOf(readFileSync(file, 'utf8')).includes(anchor)) return undefined;
  return `${relative(ROOT, page)} links to ${target}, and ${relative(ROOT, file)} has no such heading`;
}

test('every link inside the docs leads to a file and a heading that exist', () => {
  const links = PAGES.flatMap((page) => linksOf(readFileSync(page, 'utf8')).map((target) => ({ page, target })));
  expect(links.filter(({ page }) => page.includes(`${ROOT}/docs/`)).length).toBeGreaterThan(20);
  expect(links.flatMap(({ page, target }) => problemOf(page, target) ?? [])).toEqual([]);
});

test('the README, which is published with each package, has absolute links only', () => {
  const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
  const links = linksOf(readme);
  expect(links.filter((target) => PUBLISHED.some((start) => target.startsWith(start))).length).toBeGreaterThan(10);
  expect(links.filter((target) => !target.startsWith('https:'))).toEqual([]);
  const defined = [...readme.matchAll(/^\[([^\]]+)\]: /gm)].map(([, name]) => name);
  expect([...new Set(namesOf(readme))].sort()).toEqual([...defined].sort());
});

test('the index of the guides links to every guide', () => {
  const index = linksOf(readFileSync(join(ROOT, 'docs', 'README.md'), 'utf8'));
  const guides = readdirSync(join(ROOT, 'docs')).filter((file) => file.endsWith('.md') && file !== 'README.md');
  expect(guides.filter((guide) => !index.includes(guide))).toEqual([]);
});

test('a link to a file or a heading that does not exist is reported', () => {
  const page = join(ROOT, 'README.md');
  expect(linksOf('[a](docs/none.md) `[b](no.md)` ![c](docs/adr/README.md#nowhere)\n```\n[d](no.md)\n```')).toEqual([
    'docs/none.md',
    'docs/adr/README.md#nowhere',
  ]);
  expect(linksOf('[a][b]\n\n[b]: docs/none.md')).toEqual(['docs/none.md']);
  expect(problemOf(page, 'docs/none.md')).toMatch(/no such file/);
  expect(problemOf(page, `${PUBLISHED[0]}docs/none.md`)).toMatch(/no such file/);
  expect(problemOf(page, `${PUBLISHED[0]}docs/adr/README.md#nowhere`)).toMatch(/no such heading/);
  expect(problemOf(page, 'docs/adr/README.md#nowhere')).toMatch(/no such heading/);
  expect(problemOf(page, 'docs/adr/README.md#decisions')).toBeUndefined();
  expect(anchorsOf('## Zones `in` another account?\n\n## Twice\n\n## Twice')).toEqual([
    'zones-in-another-account',
    'twice',
    'twice-1',
  ]);
});
