// The table is whole: every sentence that an error can say is in it, and docs/errors.md is made of it.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { REFUSALS } from './refusals';
import { errorsIn, textsIn, VALUE } from './texts-in';
import { errorsPage } from '../../scripts/errors-page/page';

const ROOT = join(__dirname, '..', '..');

/** Fewer words are a name, or a value. */
const LEAST_WORDS = 4;

/** The parts of a text between values and between sentences. */
function sentencesIn(text: string, leastWords = LEAST_WORDS): string[] {
  return text.split(VALUE).flatMap((part) => part.split(/[.;:](?: |$)|\n/))
    .map((part) => part.trim().replace(/^[,.;:)]+ ?|[,(']+$/g, '').trim())
    .filter((part) => part.split(/\s+/).length >= leastWords);
}

/** What a sentence looks like that is no part of the table, and why. */
const NOT_IN_THE_TABLE: readonly [RegExp, string][] = [
  [/^(?:earlier calls to end|the last call of (?:a rotation|another step) to end|a change that was refused last|the public name servers to answer|the CNAMEs of|to be published|resolvers to forget|Route 53 to bring the zone|others to (?:see|say) |(?:SES|Secrets Manager) to (?:show|verify) |the resolver, asked for)/,
    "what was waited for, in 'there was no time left for: …'"],
  [/^(?:CloudFormation no longer waits|Nothing has to be done|CloudFormation does not show|CloudFormation could not be answered)/,
    'nobody is there to be told: CloudFormation has gone on, or cannot be reached'],
  [/^(?:Signing and records are not as|DKIM signing is switched off|it was taken back, or has the selector|the secret has another one)/, 'it stands in the log, and nothing fails'],
  [/^(?:route53:GetChange knows|A schedule is named|Lambda does not know|The code of the function has none|A lost (?:event|look)|It holds no key, and nothing|It runs once an hour|A rule of EventBridge tells|The composite alarm has|The tag limits it)/,
    'why a finding of cdk-nag is acknowledged'],
  [/^(?:Calls the function|Changes DKIM records for|DKIM signing of SES|Function for DKIM|Rotation of DKIM keys|Retires superseded DKIM|Uses a new DKIM key|has had, without the keys|Looks (?:whether|at the) DKIM|mail may go out unsigned|A part of another alarm|The log of the function that watches)/,
    'a description of a resource'],
  [/^(?:CloudWatch Alarm State Change|AWS Service Event via CloudTrail|\* \* \* \? \*\))$/, 'of EventBridge'],
  [/^(?:', and the ARN of that|'cdk-ses-dkim' as an external|delegated to the name servers that hold)/, 'cut at a quote, and in the table as a whole'],
  [/^the method is the one above$/, 'nobody is told: it cannot happen, but the compiler does not know that'],
  [/^a number known at deployment$/, 'one of two answers, whose message is in the table'],
];

/** Errors that say nothing themselves, and why. */
const WITHOUT_SENTENCE: readonly [RegExp, string][] = [
  [/^new Error\(`\$\{property\} is \$\{\w+\(value\)\}\. \$\{advice\}`\)$/, 'the advice is that of the caller, which is in the table'],
  [/^new Error\((?:reason|'the method)/, 'it passes on what another error has said, or cannot happen'],
  [/^new Error\(privateZoneMessage\(/, 'its text is made beside it'],
  [/^new (?:HandlerError|ZoneGoneError|UnusableKeyError)\((?:`\$\{name\}: \$\{text\}`, advice|`\$\{whatHappened\}: \$\{name\}|whatHappened, |what(?:, whatToDo)?\)|json\)|textOf\()/,
    'it passes on what another function has said'],
  [/^new (?:OutOfTimeError|LookAgainError)\(waitingFor\b/, 'the class says it, with what was waited for'],
  [/^new (?:NotShownYet|Overtaken|OwnersAtWork)Error\(\)$/, 'nobody is told: the call is made again, or CloudFormation has gone on'],
  [/^new HandlerError\(failures\.join/, 'it passes on what other errors have said'],
  [/^new QueryError\(/, 'a code, which stands in brackets after what a name server said'],
];

const hasReason = (sentence: string) => NOT_IN_THE_TABLE.some(([form]) => form.test(sentence));

const table = textsIn(__dirname, /\.test\.ts$/).join('\n');
const sentences = ['src', 'lambda'].flatMap((folder) => textsIn(join(ROOT, folder))).flatMap((text) => sentencesIn(text));

test.each(REFUSALS.filter(({ testedBy }) => testedBy))('$testedBy makes: $says', ({ testedBy, says, advises }) => {
  const words = `${says}. ${advises}`.split(/[^A-Za-z0-9-]+/);
  const source = readFileSync(join(ROOT, testedBy!), 'utf8').replace(/[^A-Za-z0-9-]+/g, ' ');
  expect(words.some((_, at) => at + 3 <= words.length && source.includes(words.slice(at, at + 3).join(' ')))).toBe(true);
});

test('every entry has a case, or a test elsewhere', () => {
  const bare = REFUSALS.filter(({ atSynthesis = [], atDeployment = [], atRotation = [], testedBy }) =>
    !testedBy && atSynthesis.length + atDeployment.length + atRotation.length === 0);
  expect(bare).toEqual([]);
});

test('every case has a title of its own', () => {
  const titles = REFUSALS.flatMap(({ atSynthesis = [], atDeployment = [], atRotation = [] }) =>
    [...atSynthesis, ...atDeployment, ...atRotation]).map(({ title }) => title);
  expect(titles.filter((title, index) => titles.indexOf(title) < index)).toEqual([]);
});

test('every sentence of the sources is in the table of bad input, or has a reason not to be', () => {
  const missing = sentences.filter((each) => !table.includes(each) && !hasReason(each));
  expect(missing).toEqual([]);
});

test('an error without a sentence of its own passes on what is said elsewhere, or is caught', () => {
  const unsaid = ['src', 'lambda'].flatMap((folder) => errorsIn(join(ROOT, folder)))
    .filter(({ texts }) => !texts.flatMap((text) => sentencesIn(text, 2))
      .some((words) => table.includes(words) || hasReason(words)))
    .map(({ source }) => source);
  expect(unsaid.filter((source) => !WITHOUT_SENTENCE.some(([form]) => form.test(source)))).toEqual([]);
});

test('every reason why a sentence is not in the table is of use', () => {
  const idle = NOT_IN_THE_TABLE.filter(([form]) => !sentences.some((each) => form.test(each)));
  expect(idle).toEqual([]);
});

test('the committed page of messages is the one that the table gives', () => {
  const committed = readFileSync(join(ROOT, 'docs', 'errors.md'), 'utf8');
  if (errorsPage(REFUSALS) !== committed) throw new Error('docs/errors.md is out of date. Write it again: npx projen errors');
});
