// What a look at an identity has found that is not as it should be.

export interface Finding {
  /** What is wrong, with what was seen. */
  readonly what: string;
  readonly whatToDo: string;
  /** The look failed, so the state is unknown. */
  readonly isBlind?: true;
}

/** Without a change in the template CloudFormation calls no function. */
export const DEPLOY_A_CHANGE = 'deploy the stack with a change of the construct, such as another recordTtl';
