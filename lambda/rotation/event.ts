// What the function is called with: a step of a rotation, by Secrets Manager; the care for secrets or identities, by a
// schedule or by hand; or a revocation, by hand. Anybody who may call the function can send anything, so each field is
// checked.
// https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_lambda-functions.html
import { LABEL } from '../../src/private/contract';
import { HandlerError } from '../base/errors';
import { isObject } from '../base/hostile';
import { SECRET_ARN } from '../base/properties';

export const STEPS = ['createSecret', 'setSecret', 'testSecret', 'finishSecret'] as const;
export type Step = typeof STEPS[number];

export interface IdentitiesEvent {
  readonly kind: 'identities';
  readonly stackId: string;
  /** As the custom resources have them: what they say is checked for each by itself. */
  readonly identities: readonly Readonly<Record<string, unknown>>[];
}

export type RotationEvent =
  | IdentitiesEvent
  | { readonly kind: 'step'; readonly secretArn: string; readonly step: Step; readonly token: string }
  | { readonly kind: 'care'; readonly secretArns: readonly string[] }
  | { readonly kind: 'revoke'; readonly secretArn: string; readonly selector: string };

export const STACK_ID = /^arn:[a-z0-9-]+:cloudformation:[a-z0-9-]+:\d{12}:stack\/[\x21-\x7e]{1,200}$/;
const TOKEN = /^[\x21-\x7e]{32,64}$/;

export function parseEvent(event: Readonly<Record<string, unknown>>): RotationEvent {
  const { Step, SecretId, ClientRequestToken, Secrets, Revoke, StackId, Identities } = event;
  if (Array.isArray(Identities)) return identitiesEvent(StackId, Identities);
  if (Array.isArray(Secrets)) return { kind: 'care', secretArns: Secrets.map((arn) => text('Secrets', arn, SECRET_ARN)) };
  const secretArn = text('SecretId', SecretId, SECRET_ARN);
  if (Revoke !== undefined) return { kind: 'revoke', secretArn, selector: text('Revoke', Revoke, LABEL) };
  const step = STEPS.find((each) => each === Step);
  if (!step) throw new HandlerError('The event has no Step of a rotation', 'This function is called by Secrets Manager');
  return { kind: 'step', secretArn, step, token: text('ClientRequestToken', ClientRequestToken, TOKEN) };
}

/** Whether both are of one partition, Region and account: then nobody makes a function work for another's stack. */
export function isBeside(stackId: string, arn: string): boolean {
  const [, partition, , region, account] = stackId.split(':');
  const [, ownPartition, , ownRegion, ownAccount] = arn.split(':');
  return partition === ownPartition && region === ownRegion && account === ownAccount;
}

function identitiesEvent(stackId: unknown, found: readonly unknown[]): IdentitiesEvent {
  const identities = found.map((each) => {
    if (isObject(each)) return Object.fromEntries(Object.entries(each));
    throw new HandlerError("The event's Identities are not of their form");
  });
  return { kind: 'identities', stackId: text('StackId', stackId, STACK_ID), identities };
}

function text(name: string, value: unknown, form: RegExp): string {
  if (typeof value === 'string' && form.test(value)) return value;
  throw new HandlerError(`The event's ${name} is missing, or not of its form`);
}
