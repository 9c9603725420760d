// Watches identities: a function that can only look, and the rules of EventBridge that call it.
import { createHash } from 'crypto';
import { ArnFormat, CfnResource, Lazy, Stack } from 'aws-cdk-lib';
import * as events from 'aws-cdk-lib/aws-events';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { Construct, Dependable, IDependable } from 'constructs';
import { WatchedIdentity, WatchRequest } from './contract';
import { omitIfNotTaken } from './late-role';
import { MergedDocument } from './merged-document';
import { logPermission, lookPermission, Permission } from './permissions';
import { firstGrant, Grant, grantOf, pack } from './policy-packing';
import type { RotatingKey } from './rotating-key';
import { SharedFunction } from './shared-function';
import { TargetInputs } from './target-input';
import type { DkimFunctionOptions } from '../dkim-function';

/** https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html */
const TARGETS_PER_RULE = 5;

/** The looks of an hour are all within it, so that no hour is without one: none begins near its start or its end. */
const FIRST_MINUTE = 5;
const MINUTES = 35;

/** What a rule is called for, and what it gives to the function. */
interface Cause {
  readonly id: string;
  readonly description: string;
  readonly props: Omit<events.CfnRuleProps, 'description' | 'targets'>;
  readonly input: (fields: string) => Partial<events.CfnRule.TargetProperty>;
}

export class Watcher extends Construct {
  private readonly function: SharedFunction;
  /** The number of the run stands beside the identities. The secret is one of the stack's own. */
  private readonly inputs = new TargetInputs<WatchedIdentity>({ besides: 100, secretArn: 130 });
  private readonly resources: CfnResource[] = [];
  private readonly keys: Pick<RotatingKey, 'hasOtherName'>[] = [];
  private readonly own: Grant;
  private readonly grants: Grant[] = [];
  private packed: Grant[][] = [];
  private readonly policies: iam.ManagedPolicy[] = [];
  private rules = 0;
  private rulesOfSecrets = 0;

  constructor(scope: Construct, id: string, options: DkimFunctionOptions) {
    super(scope, id);
    const stack = Stack.of(this);
    this.function = new SharedFunction(this, {
      description: 'Looks whether DKIM of SES identities works (cdk-ses-dkim)',
      handler: 'watch/index.handler',
      memorySize: 256,
      whyNo: { queue: 'A lost look shows in the alarm', concurrency: 'It runs once an hour' },
      permissions: (_, log) => [logPermission(stack, log)],
    }, ownSettings(options));
    this.own = firstGrant(stack, this.function.ownPermissions);
  }

  /** Sets what the options have, as `SharedFunction.apply`. */
  public apply(options: DkimFunctionOptions): void {
    this.function.apply(ownSettings(options));
  }

  /**
   * @param resource sets the signing: nobody looks before it has, or while it is deleted
   * @param key changes; the function sees when
   */
  public add(
    identity: WatchedIdentity, region: string, resource: CfnResource,
    key?: Pick<RotatingKey, 'lookPermission' | 'hasOtherName'>,
  ): void {
    const stack = Stack.of(this);
    const { Identity: domain, Signing } = identity;
    const regions = [region, ...Signing.Method === 'DEED' ? [Signing.ParentRegion] : []];
    this.inputs.add(identity, identity);
    this.resources.push(resource);
    this.grants.push(grantOf(stack, [
      ...regions.map(each => lookPermission(stack, each, domain)), ...key ? [key.lookPermission] : [],
    ]));
    // For each identity, the other function has this right and more. So it is the one that may need too many policies.
    this.packed = pack([this.own, ...this.grants], Infinity)!;
    while (this.policies.length < this.packed.length) this.policies.push(this.addPolicy(this.policies.length));
    for (; this.rules * TARGETS_PER_RULE < this.requests().length; this.rules += 1) {
      for (const cause of this.causes()) this.addRule(cause, this.rules);
    }
    if (key) this.keys.push(key);
    if (key && this.rulesOfSecrets < this.rules) {
      this.rulesOfSecrets = this.rules;
      this.addRule(this.secretsChange(), this.rules - 1);
    }
  }

  /**
   * A pattern has no room for the ARNs of all secrets, but CloudFormation puts the logical ids into their names. If one
   * has another name, all secrets wake the function, and it looks at what it knows.
   */
  private secretsChange(): Cause {
    const resourceName = Lazy.uncachedString({
      // There is no need to look while CDK prepares the template, and it is dear.
      produce: ({ preparing }) => !preparing && this.keys.some(key => key.hasOtherName) ? '*' : '*Dkim*Keys-*',
    });
    const wildcard = Stack.of(this).formatArn({
      service: 'secretsmanager', resource: 'secret', resourceName, arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    });
    return {
      id: 'Secrets',
      description: 'Looks at the DKIM of SES identities whose rotating key has changed (cdk-ses-dkim)',
      props: {
        eventPattern: {
          source: ['aws.secretsmanager'],
          $or: [
            { 'detail-type': ['Secret Label Updated'], 'resources': [{ wildcard }], 'detail': { labelUpdated: ['AWSCURRENT'] } },
            {
              'detail-type': ['AWS Service Event via CloudTrail'],
              'detail': { eventName: ['RotationFailed'], additionalEventData: { SecretId: [{ wildcard }] } },
            },
          ],
        },
      },
      input: fields => ({
        inputTransformer: {
          inputPathsMap: { resources: '$.resources', detail: '$.detail' },
          inputTemplate: `{"Secret":[<resources>,<detail>],${fields}}`,
        },
      }),
    };
  }

  private causes(): Cause[] {
    const minute = FIRST_MINUTE + createHash('sha256').update(this.node.path).digest().readUInt16BE(0) % MINUTES;
    return [{
      id: 'Hourly',
      description: 'Looks at the DKIM of SES identities every hour (cdk-ses-dkim)',
      props: { scheduleExpression: `cron(${minute} * * * ? *)` },
      input: fields => ({ input: `{${fields}}` }),
    }, {
      id: 'Health',
      description: 'Looks at the DKIM of SES identities that AWS Health names (cdk-ses-dkim)',
      props: {
        eventPattern: {
          'source': ['aws.health'],
          'detail-type': ['AWS Health Event'],
          'detail': { service: ['SES'], eventTypeCode: [{ prefix: 'AWS_SES_DKIM_' }] },
        },
      },
      input: fields => ({
        inputTransformer: { inputPathsMap: { detail: '$.detail' }, inputTemplate: `{"Health":<detail>,${fields}}` },
      }),
    }];
  }

  private addRule({ id, description, props, input }: Cause, index: number): void {
    const rule = new events.CfnRule(this, `${id}${index + 1}`, {
      description,
      ...props,
      targets: Lazy.uncachedAny({
        produce: () => this.requests().slice(index * TARGETS_PER_RULE).slice(0, TARGETS_PER_RULE)
          .map((request, target) => ({
            id: `Target${target + 1}`, arn: this.function.arn, ...input(this.fieldsOf(request)),
          })),
      }),
    });
    rule.node.addDependency(this.everything());
    new lambda.CfnPermission(this, `${id}${index + 1}Permission`, {
      action: 'lambda:InvokeFunction',
      functionName: this.function.arn,
      principal: 'events.amazonaws.com',
      sourceArn: rule.attrArn,
    });
  }

  /** What a look needs, and what it looks at. */
  private everything(): IDependable {
    const dependable: IDependable = {};
    const { policies, resources } = this;
    Dependable.implement(dependable, { get dependencyRoots() { return [...policies, ...resources]; } });
    return dependable;
  }

  /** The identities, as many in each as the input of a target has room for. */
  private requests(): WatchRequest[] {
    const { lists } = this.inputs;
    return lists.map((Identities, Run) => ({ Run, Runs: lists.length, Identities }));
  }

  private addPolicy(index: number): iam.ManagedPolicy {
    const stack = Stack.of(this);
    const permissions = (): Permission[] => (this.packed[index] ?? []).flatMap(grant => grant.permissions);
    const policy = new iam.ManagedPolicy(this, `Policy${index + 1}`, {
      roles: [this.function.role], document: new MergedDocument(stack, permissions),
    });
    const resource = policy.node.defaultChild as iam.CfnManagedPolicy | undefined;
    if (!resource) return policy; // the roles are made outside of the app
    resource.description = undefined;
    resource.path = undefined;
    omitIfNotTaken(resource, this.function.role, () => permissions().length > 0);
    return policy;
  }

  /** The fields of the event, in JSON. */
  private fieldsOf({ Run, Runs, Identities }: WatchRequest): string {
    return `"Run":${Run},"Runs":${Runs},"Identities":${Stack.of(this).toJsonString(Identities)}`;
  }
}

/** All but the role and the concurrency: those are the other function's, whose rights this one is not to have. */
function ownSettings({ role, reservedConcurrentExecutions, ...options }: DkimFunctionOptions): DkimFunctionOptions {
  return options;
}
