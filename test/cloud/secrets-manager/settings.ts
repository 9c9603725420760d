// The settings of the local Secrets Manager: a switch for each behaviour of rotation that AWS does not document.

export interface SecretsManagerSettings {
  /** Milliseconds from a request to the first step. Rotation is asynchronous: documented. */
  startDelay: number;
  /** How often the whole rotation is repeated after a failed step. Documented is "multiple times". */
  repeats: number;
  /** Milliseconds before a repeat: at first, and at most. It doubles each time. Unknown. */
  backOff: { first: number; longest: number };
  /** Whether each step is called a second time, and when. Steps have to bear a repeat: documented. */
  secondCalls: 'never' | 'afterwards' | 'at the same time';
  /**
   * A repeat when the function has taken AWSPENDING off: it comes all the same, with the label put on again, or not at
   * all. Unknown.
   */
  repeatWithoutLabel: 'unlabelled' | 'labelled again' | 'none';
  /**
   * What a failed trial of testSecret leaves. Documented is only that the trial makes an AWSPENDING version "and then
   * removes it". With the label left behind, every further change of the schedule is refused.
   */
  failedTrial: 'leaves AWSPENDING' | 'leaves nothing';
  /** Whether CloudFormation waits for the trial, and the resource fails with it. Unknown. */
  stackWaitsForTrial: boolean;
  /**
   * Whether the rotation that a `rate()` had scheduled still comes after a change without an immediate rotation.
   * Documented: it might.
   */
  oldRateStillRotates: boolean;
  /**
   * Whether a new `cron()` whose window is open rotates in this window already. Documented is that after rotation was
   * switched on again it may come much sooner than the date shown.
   */
  joinsOpenWindow: boolean;
  /**
   * Whether a function's policy is asked with the secret as `aws:SourceArn`. Documented is `aws:SourceAccount` only.
   */
  namesSecretAsSource: boolean;
  /**
   * Whether a read can show values and labels of before a change, for `staleForMs` after it. Reported: a step that does
   * not find what the step before has put. AWS documents nothing. Off, as most tests would fail for it.
   */
  staleReads: 'never' | 'always' | 'sometimes';
  staleForMs: number;
  /**
   * What CloudFormation makes of the secret's tags when it updates the secret: only those of the template, or these and
   * whatever others there are. Unknown.
   */
  stackUpdateKeepsTags: 'its own' | 'all';
  /** Milliseconds until a change is seen in the replica Regions. Unknown. */
  replicaDelay: number;
  /** Whether `Secret Label Updated` comes in replica Regions too. Unknown: no, so that nothing relies on it. */
  labelEventsOfReplicas: boolean;
}

export const SECRETS_MANAGER_DEFAULTS: SecretsManagerSettings = {
  startDelay: 1_000,
  repeats: 4,
  backOff: { first: 60_000, longest: 3_600_000 },
  secondCalls: 'never',
  repeatWithoutLabel: 'unlabelled',
  failedTrial: 'leaves AWSPENDING',
  stackWaitsForTrial: true,
  oldRateStillRotates: true,
  joinsOpenWindow: true,
  namesSecretAsSource: false,
  staleReads: 'never',
  staleForMs: 3_000,
  stackUpdateKeepsTags: 'its own',
  replicaDelay: 2_000,
  labelEventsOfReplicas: false,
};
