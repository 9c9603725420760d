// The public API of the library. Every export is named: what is not listed here can change in any
// release.
export { EmailIdentityDkim } from './email-identity-dkim';
export type { EmailIdentityDkimProps } from './email-identity-dkim-props';
export { RecordConflict } from './record-conflict';
export { DkimSigning } from './dkim-signing';
export type {
  ByoDkimSigningOptions, DeterministicEasyDkimSigningOptions, EasyDkimSigningOptions, RotatingByoDkimSigningOptions,
} from './dkim-signing';
export { DkimPrivateKey } from './dkim-private-key';
export type { DkimPrivateKeySecretOptions } from './dkim-private-key';
export type { DkimRecord } from './dkim-record';
export type { ProblemAlarmOptions } from './problem-alarm-options';
export { DkimHostedZoneRole } from './dkim-hosted-zone-role';
export type { DkimHostedZoneRoleProps } from './dkim-hosted-zone-role';
export { DkimFunction } from './dkim-function';
export type { DkimFunctionOptions } from './dkim-function';
