// What a deployment is asked for and what it ends with: the stack's status, events, outputs and resources.

/** A template as it is in JSON. */
export interface Template {
  readonly Parameters?: Record<string, Record<string, unknown>>;
  readonly Mappings?: Record<string, Record<string, Record<string, unknown>>>;
  readonly Conditions?: Record<string, unknown>;
  readonly Resources: Record<string, TemplateResource>;
  readonly Outputs?: Record<string, TemplateOutput>;
  readonly [section: string]: unknown;
}

export interface TemplateResource {
  readonly Type: string;
  readonly Properties?: Record<string, unknown>;
  readonly DependsOn?: string | string[];
  readonly Condition?: string;
  readonly DeletionPolicy?: string;
  readonly UpdateReplacePolicy?: string;
  readonly [attribute: string]: unknown;
}

interface TemplateOutput {
  readonly Value: unknown;
  readonly Condition?: string;
  readonly Export?: { readonly Name: unknown };
  readonly [attribute: string]: unknown;
}

/** Where a stack is. */
export interface StackAddress {
  readonly stackName: string;
  /** @default '111111111111' */
  readonly account?: string;
  /** @default 'us-east-1' */
  readonly region?: string;
}

export interface DeployRequest extends StackAddress {
  readonly template: Template;
  readonly parameters?: Record<string, string>;
  /** The directory that has a function's code under the name of its `Code.S3Key` (without `.zip`). */
  readonly assetDirectory?: string;
  /** A failure keeps what there is, as `cdk deploy --no-rollback` wants it. @default false */
  readonly disableRollback?: boolean;
}

export type StackStatus =
  | 'CREATE_IN_PROGRESS' | 'CREATE_COMPLETE' | 'CREATE_FAILED'
  | 'ROLLBACK_IN_PROGRESS' | 'ROLLBACK_COMPLETE' | 'ROLLBACK_FAILED'
  | 'UPDATE_IN_PROGRESS' | 'UPDATE_COMPLETE_CLEANUP_IN_PROGRESS' | 'UPDATE_COMPLETE' | 'UPDATE_FAILED'
  | 'UPDATE_ROLLBACK_IN_PROGRESS' | 'UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS' | 'UPDATE_ROLLBACK_COMPLETE'
  | 'UPDATE_ROLLBACK_FAILED'
  | 'DELETE_IN_PROGRESS' | 'DELETE_COMPLETE' | 'DELETE_FAILED';

export interface StackEvent {
  /** Cloud time in milliseconds. */
  readonly at: number;
  /** The stack's own name for events of the stack. */
  readonly logicalId: string;
  readonly type: string;
  readonly physicalId?: string;
  /** Such as `CREATE_IN_PROGRESS`; for the stack one of `StackStatus`. */
  readonly status: string;
  readonly reason?: string;
}

/** A resource as it is now. */
export interface StackResource {
  readonly type: string;
  readonly physicalId: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  /** As they were sent to the resource the last time, with all intrinsics resolved. */
  readonly properties: Readonly<Record<string, unknown>>;
}

export interface StackResult {
  readonly stackId: string;
  readonly status: StackStatus;
  /** False when there was nothing to do; then nothing was called. */
  readonly changed: boolean;
  /** Why it failed, or that there was nothing to do: the first failed resource's reason. */
  readonly reason?: string;
  /** What happened in this operation, oldest first. */
  readonly events: readonly StackEvent[];
  readonly outputs: Readonly<Record<string, string>>;
  /** By logical id. */
  readonly resources: Readonly<Record<string, StackResource>>;
}
