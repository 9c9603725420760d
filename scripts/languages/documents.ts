// Checks that what each package says to its users is in their language: its README, and the comment of a method.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './command';

/** A document of a package, and what an example in its language has. The language of all others is TypeScript. */
interface Document {
  readonly name: string;
  readonly file: string;
  readonly example: string;
}

const JAVA = 'java/io/github/cdksesdkim';
const DOTNET = 'dotnet/CdkSesDkim/CdkSesDkim';

const DOCUMENTS: readonly Document[] = [
  { name: 'README of the wheel', file: 'python/cdk_ses_dkim-0.0.0.dist-info/METADATA', example: 'EmailIdentityDkim(self, "Dkim",' },
  { name: 'docstring in Python', file: 'python/cdk_ses_dkim/__init__.py', example: 'DkimSigning.byo_dkim(\n' },
  { name: 'README of the jar', file: `${JAVA}/package-info.java`, example: 'EmailIdentityDkim.Builder.create(this, "Dkim")' },
  { name: 'comment in Java', file: `${JAVA}/DkimSigning.java`, example: 'ByoDkimSigningOptions.builder()' },
  { name: 'README in Go', file: 'go/README.md', example: 'cdksesdkim.NewEmailIdentityDkim(this, jsii.String("Dkim")' },
  { name: 'comment in Go', file: 'go/DkimSigning.go', example: 'cdksesdkim.DkimSigning_ByoDkim(&ByoDkimSigningOptions{' },
  { name: 'comment in C#', file: `${DOTNET}/DkimSigning.cs`, example: 'DkimSigning.ByoDkim(new ByoDkimSigningOptions' },
];

/** @returns what is wrong with the examples in a document */
export function problemsOf({ name, example }: Pick<Document, 'name' | 'example'>, text: string): string[] {
  return [
    ...text.includes(example) ? [] : [`${name}: no example with ${JSON.stringify(example)}`],
    .../\bnew EmailIdentityDkim\(this, 'Dkim'|DkimSigning\.byoDkim\(\{|^```(?:ts|typescript)$/m.test(text)
      ? [`${name}: an example in TypeScript`] : [],
  ];
}

/** @returns what is wrong with the documents of the packages in `dist/`, and of the .NET sources */
export function wrongDocuments(root: string, workspace: string): string[] {
  const folder = join(workspace, 'documents');
  const java = join(root, 'dist/java/io/github/cdk-ses-dkim/cdk-ses-dkim/0.0.0');
  extract(theOnly(join(root, 'dist/python'), '.whl'), join(folder, 'python'));
  extract(theOnly(java, '-sources.jar'), join(folder, 'java'));
  run(`cp -R '${join(root, 'dist/go/cdksesdkim')}' '${join(folder, 'go')}'`, root);
  run(`npx jsii-pacmak --target dotnet --code-only --outdir '${folder}'`, root);
  return DOCUMENTS.flatMap((document) => {
    const file = join(folder, document.file);
    return existsSync(file) ? problemsOf(document, readFileSync(file, 'utf8')) : [`${document.name}: there is no ${file}`];
  });
}

function theOnly(folder: string, end: string): string {
  const [name] = readdirSync(folder).filter((file) => file.endsWith(end));
  return join(folder, name);
}

/** Wheels and jars are zip files, and the examples need Python in any case. */
function extract(archive: string, folder: string): void {
  run(`python3 -m zipfile -e '${archive}' '${folder}'`, '.');
}
