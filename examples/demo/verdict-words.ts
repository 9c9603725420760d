// The words in the demo's output that tell good from bad. They have a colour in a terminal, and in the recording.
const GOOD = /\bdkim=pass\b|\bSUCCESS\b|\b(?:CREATE|UPDATE|DELETE)_COMPLETE\b/g;
const BAD = /\bdkim=(?!pass)\w+\b|\b\w+_FAILED\b|\b\w*ROLLBACK_COMPLETE\b|\bFAILED\b|\bRefused\b/g;

export function marked(line: string, mark: (kind: 'good' | 'bad', word: string) => string): string {
  return line.replace(GOOD, (word) => mark('good', word)).replace(BAD, (word) => mark('bad', word));
}
