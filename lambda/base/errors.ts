// The errors that this library raises itself. Each says what happened, with the evidence, and what to do.

/** What terminals obey, half a letter, and what turns the direction of writing. Anybody can put it into DNS. */
const UNSEEN = /[\p{Cc}\p{Cs}\u202a-\u202e\u2066-\u2069]/gu;

export class HandlerError extends Error {
  /** @param whatToDo left out where the first text says it already */
  constructor(readonly whatHappened: string, whatToDo?: string) {
    super((sentence(whatHappened) + (whatToDo ? ` ${sentence(whatToDo)}` : '')).replace(UNSEEN, ' '));
  }
}

/** This invocation ends before the work does. There may be time for a further one. */
export class OutOfTimeError extends HandlerError {
  constructor(waitingFor: string) {
    super(`there was no time left for: ${waitingFor}`, 'Deploy again');
  }
}

/** What is waited for takes minutes. Nobody waits: a further invocation looks again, for the last time at `until`. */
export class LookAgainError extends OutOfTimeError {
  /** @param until in ms since 1970 */
  constructor(waitingFor: string, readonly until: number) {
    super(waitingFor);
  }
}

/** CloudFormation no longer waits for this request: what it wants now, another request says. */
export class OvertakenError extends HandlerError {
  constructor() {
    super('CloudFormation no longer waits for this request', 'Nothing has to be done');
  }
}

/** CloudFormation shows what was before this request. It is asked again. */
export class NotShownYetError extends HandlerError {
  override readonly name = 'NotShownYet';

  constructor() {
    super('CloudFormation does not show this request yet');
  }
}

/** No call to a service got through to it, for some minutes. There is no answer that could say more. */
export class UnreachableError extends HandlerError {
  constructor(whatHappened: string) {
    super(whatHappened, 'See what keeps the function from it: in a VPC it needs a NAT gateway or a VPC endpoint of the '
      + 'service, and security groups, network ACLs, firewall and DNS that let it through. Then deploy again');
  }
}

/** The zone, or the role that leads to it, is no longer there. */
export class ZoneGoneError extends HandlerError {
  /** @param isRefused the role that leads to it is not there, or refuses the function or the call */
  constructor(whatHappened: string, readonly isRefused = false) {
    super(whatHappened, 'It existed a moment ago. Find out who deleted it, or removed the permission for it, then deploy again');
  }
}

/** Route 53 did not carry out a batch: the zone is not as it was read, or a change is not legal. */
export class ChangeRefusedError extends HandlerError {}

/** There is no such secret, or no such version of it. */
export class SecretGoneError extends HandlerError {}

/** Services end their texts as they like. */
export function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
