// What an entry of the table of bad input is: a message that a user reads, and the cases that lead to it.
import { Stack } from 'aws-cdk-lib';
import type { World } from './world';
import type { LocalCloudOptions } from '../cloud';
import type { RotatingScene } from '../end-to-end/rotating-scene';

/** Where bad input is noticed: the sections of docs/errors.md, with what is true of all messages in them. */
export const PLACES = {
  'synthesis': [
    'At synthesis',
    '`npx aws-cdk synth` and `npx aws-cdk deploy` print these. Nothing has been deployed. '
    + 'In Python, a value of a wrong type can have a message of jsii in their place, with `type of argument …` or `$jsii.byref`. '
    + 'Then search for the property in the form of TypeScript, for example `waitForVerification`.',
  ],
  'properties': [
    'In the properties, before any call',
    'The function reads the properties in the template. Parameters have their values now.',
  ],
  'secret': ['When the secret is read', 'Nothing has been written yet.'],
  'key': [
    'In the secret: no key that SES can use',
    'Each begins with `The secret … holds no private key that SES can use:`. The message shows nothing of the secret. [Your own key](byodkim.md) says how to make one.',
  ],
  'identity': ['When the identity is read', 'Nothing has been written yet.'],
  'zone': ['When the hosted zone is read', 'Nothing has been written yet.'],
  'records': ['Records in the way', 'Nothing has been written yet.'],
  'public-dns': [
    'In public DNS, before SES is told',
    'SES is told only of a record that public DNS has. The roll-back removes what the construct has written to the zone.',
  ],
  'told': [
    'When SES or Route 53 is told',
    'The message has the answer of the service. A batch that Route 53 refuses writes nothing. The roll-back removes what was written before.',
  ],
  'wait': ['While SES looks for the records', 'Only with `waitForVerification`. The roll-back sets the old signing again.'],
  'watching': [
    'In the log of a watched identity',
    'Nothing fails: the metric `Problem` is 1, and the log of the function that [watches](watching.md) has the message.',
  ],
  'rotation': [
    'While a rotating key is changed, retired or revoked',
    'Secrets Manager tries again by itself. The message is in the log of the function `…Rotation…`, with `failed`. '
    + 'Mail is signed with the old key, or with the new one if SES has it already.',
  ],
  'services': ['Services and the network', 'The function could not do its work.'],
} as const;

export type Place = keyof typeof PLACES;

/** What differs from case to case, by its name in braces. */
export type Parts = Readonly<Record<string, string>>;

/** A message. It says what is wrong with the value found, and what to do. */
export interface Message {
  readonly place: Place;
  /** What is wrong, with parts in braces. */
  readonly says: string;
  /** What the message tells the user to do; empty where the first part says it already. */
  readonly advises: string;
  /** For docs/errors.md: how it comes to that, and what else helps. */
  readonly why: string;
}

/** Bad input that the construct refuses. */
export interface AtSynthesis {
  readonly title: string;
  readonly parts?: Parts;
  readonly build: (stack: Stack) => void;
  /** Noticed at the end of synthesis, by values that come late. */
  readonly isLate?: boolean;
}

/** How bad input is made on the local cloud. */
export interface Made {
  readonly build: (stack: Stack) => void;
  readonly parts?: Parts;
  /** Right before the deployment: a fault of a service, or what somebody else does. */
  readonly during?: () => void;
  /** Takes back what was changed for it; faults go by themselves. */
  readonly after?: () => void;
  /** Values of the parameters of the stack. */
  readonly parameters?: Record<string, string>;
  /** The stack is there already, and is updated. */
  readonly isUpdate?: boolean;
  /** SES is told and led back, or somebody else changes the identity: then SES does not show it as before. */
  readonly identityAfter?: 'AWS_SES' | 'EXTERNAL' | 'gone';
}

/** Bad input that a deployment refuses. */
export interface AtDeployment {
  readonly title: string;
  readonly make: (world: World) => Made | Promise<Made>;
  /** Something is written before it can be known, and taken back: why. */
  readonly writes?: string;
}

/** Bad input that the function of rotations refuses. */
export interface AtRotation {
  readonly title: string;
  readonly ses?: LocalCloudOptions['ses'];
  /** What somebody does to a key that is deployed and verified. */
  readonly before?: (rotating: RotatingScene) => unknown;
  /** What the function is called with then. */
  readonly event: (rotating: RotatingScene) => object;
  readonly parts?: (rotating: RotatingScene) => Parts;
  /** SES is told the key before, and the label is taken off. Otherwise nothing is changed. */
  readonly isTakenBack?: boolean;
}

export interface Refusal extends Message {
  /** The test file that makes it, where no case here can. */
  readonly testedBy?: string;
  readonly atSynthesis?: readonly AtSynthesis[];
  readonly atDeployment?: readonly AtDeployment[];
  readonly atRotation?: readonly AtRotation[];
}

/** The whole message as the user reads it. */
export function wholeMessage({ place, says, advises }: Message, parts: Parts = {}): string {
  const text = filled(says, parts);
  const advice = filled(advises, parts);
  if (place === 'synthesis') return advice ? `${text}. ${advice}` : text;
  if (place !== 'key') return advice ? `${sentence(text)} ${sentence(advice)}` : sentence(text);
  return sentence(`The secret ${parts.secret} holds no private key that SES can use: ${text}; ${advice}`);
}

function filled(template: string, parts: Parts): string {
  return template.replace(/\{(\w+)\}/g, (_, name: string) => {
    if (parts[name] === undefined) throw new Error(`no part '${name}' for: ${template}`);
    return parts[name];
  });
}

function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
