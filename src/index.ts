// What users import. Named exports only: everything else in src/ is free to change.
export { EmailIdentityDkim, RecordConflict } from './email-identity-dkim';
export type { EmailIdentityDkimProps } from './email-identity-dkim';
export { DkimSigning } from './dkim-signing';
export type { ByoDkimSigningOptions, DeterministicEasyDkimSigningOptions, EasyDkimSigningOptions } from './dkim-signing';
export { DkimPrivateKey } from './dkim-private-key';
export type { DkimPrivateKeySecretOptions } from './dkim-private-key';
export type { DkimRecord } from './dkim-record';
