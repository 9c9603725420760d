// What has the function called again while identities wait for verification: a group for its one-time
// schedules, and the role that they take. See docs/adr/0021-waiting-without-a-place.md.
import { Lazy, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import { CfnScheduleGroup } from 'aws-cdk-lib/aws-scheduler';
import { Construct, IDependable } from 'constructs';
import { WAITING_ENVIRONMENT } from './contract';
import { Permission, schedulePermissions } from './permissions';
import type { SharedFunction } from './shared-function';

export class Schedules extends Construct {
  /** The custom resource of an identity that waits must depend on it. It depends on all the others. */
  public readonly rights: IDependable;
  /** What the function may do with the schedules. */
  public readonly permissions: Permission[];
  private identities = 0;

  constructor(scope: Construct, id: string, handler: SharedFunction) {
    super(scope, id);
    const stack = Stack.of(this);

    // It is deleted with all schedules in it, so none stays behind.
    const group = new CfnScheduleGroup(this, 'Group');
    const role = new iam.Role(this, 'Role', {
      description: 'Calls the function of cdk-ses-dkim again while SES verifies an identity',
      // Only for this group: https://docs.aws.amazon.com/scheduler/latest/UserGuide/cross-service-confused-deputy-prevention.html
      assumedBy: new iam.ServicePrincipal('scheduler.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': stack.account, 'aws:SourceArn': group.attrArn } },
      }),
    });
    this.rights = new iam.ManagedPolicy(this, 'Policy', {
      roles: [role],
      statements: [
        new iam.PolicyStatement({ actions: ['lambda:InvokeFunction'], resources: [handler.arn] }),
      ],
    });
    this.permissions = schedulePermissions(stack, group.ref, role.roleArn);

    handler.tell(WAITING_ENVIRONMENT.group, group.ref);
    handler.tell(WAITING_ENVIRONMENT.roleArn, role.roleArn);
    handler.tell(WAITING_ENVIRONMENT.identities, Lazy.uncachedString({ produce: () => this.identities.toString() }));
  }

  /** One more identity waits. The more there are, the less often each is looked at. */
  public addIdentity(): void {
    this.identities += 1;
  }
}
