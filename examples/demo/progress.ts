// Describes the progress of a deployment, from the events of the stack and the log of the function.
import { signingMethod } from './signing-method';
import type { LogFields } from '../../lambda/base/log';
import { isRegistryLabel } from '../../lambda/base/owner';
import type { StackEvent } from '../../test/cloud';

const REASON_SHOWN = 72;

/** The text of an event. Only events of identities and stacks have one, not those of roles and policies. */
export function describeEvent({ type, status, reason }: StackEvent): string | undefined {
  if (status.endsWith('_FAILED')) return `${status}: ${type}: ${reason}`;
  if (type === 'AWS::CloudFormation::Stack') return status;
  if (type !== 'AWS::SES::EmailIdentity') return undefined;
  return { CREATE_COMPLETE: 'identity made in SES', DELETE_COMPLETE: 'identity deleted from SES' }[status];
}

export type Decision = LogFields & { readonly decision: string };

/** The text of a decision. A decision to do nothing has none. */
export function describeDecision({ decision, ...fields }: Decision): string | undefined {
  switch (decision) {
    case 'key-checked':
      return `private key read; its public key is ${fields.publicKeySha256!.slice(0, 12)}…`;
    case 'first-key-made':
    case 'key-made':
      return `new key made: ${fields.selector}`;
    case 'records-changed':
      return `records published: ${summary(fields.records!)}`;
    case 'publicly-answered':
      return 'the public name servers answer the record';
    case 'signing-put':
      return `SES told to sign with ${signingMethod(fields.method)}: ${fields.status}`;
    case 'verification-awaited':
      return `SES looks in DNS: ${fields.status}`;
    case 'key-current':
      return `the new key is current: ${fields.selector}`;
    case 'next-key-taken-back':
      return 'SES told to sign with the key before it again';
    case 'signing-reset':
      return 'signing set back to Easy DKIM';
    case 'failed':
      return `FAILED: ${firstPart(fields.message!)}`;
    default:
      return undefined;
  }
}

/** Enough to know what it is. The whole reason of a deployment is in its stack's events. */
function firstPart(message: string): string {
  return message.length > REASON_SHOWN ? `${message.slice(0, REASON_SHOWN)}…` : message;
}

/** Counts changes: `CREATE TXT name`, … becomes `+2 TXT`. The registry record is not counted by its type. */
function summary(changes: readonly string[]): string {
  const parts = changes.map((change) => change.split(' ')).map(([action, type, name]) =>
    isRegistryLabel(name.split('.')[0]) ? 'registry' : `${action === 'CREATE' ? '+' : '-'} ${type}`);
  return [...new Set(parts)].map((part) => {
    const count = parts.filter((each) => each === part).length;
    return part === 'registry' ? part : part.replace(' ', `${count} `);
  }).join(', ');
}
