// A resource of a stack, and the plan that says which resources the stack shall have.
import { Graph } from './dependencies';
import { PreviousState } from './resources/provider';
import { Template } from './stack';

/** What the stack shall become. */
export interface Plan {
  readonly template: Template;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly conditions: Readonly<Record<string, boolean>>;
  readonly graph: Graph;
}

/** A physical resource, with the properties that were sent to it last. */
export interface Resource extends PreviousState {
  readonly logicalId: string;
  readonly type: string;
  readonly dependencies: ReadonlySet<string>;
  /** What happens to it when it leaves the template. */
  readonly deletionPolicy?: string;
  /** What happens to it when another one takes its place. */
  readonly updateReplacePolicy?: string;
  /** What was tried last and failed. Undefined: all went well. */
  readonly failed?: 'create' | 'update' | 'rollback';
}

/** A resource as the template wants it. */
export type WantedResource = Omit<Resource, 'physicalId' | 'attributes' | 'failed'>;
