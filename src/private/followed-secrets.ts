// The rules of EventBridge by which a new key in a followed secret is used within minutes. Without them it
// takes up to an hour.
import { Lazy, Stack, Token } from 'aws-cdk-lib';
import { CfnRule } from 'aws-cdk-lib/aws-events';
import { CfnPermission } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';

/** https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutRule.html */
const MAX_PATTERN = 2048;
/** Characters of a pattern beside the secrets, and of a secret beside its ARN. */
const BESIDE_SECRETS = 150;
const AROUND_ARN = 14;

export interface FollowedSecret {
  /** Without the six characters at its end, if the app does not know them. */
  readonly arn: string;
  /** Of the ARN at deployment, in characters. */
  readonly maxLength: number;
  /** The secret that says which key is in use. */
  readonly followedBy: string;
}

export class FollowedSecrets extends Construct {
  private rules: FollowedSecret[][] = [];
  private room = 0;

  constructor(scope: Construct, id: string, private readonly functionArn: string) {
    super(scope, id);
  }

  public add(secret: FollowedSecret): void {
    const length = AROUND_ARN + (Token.isUnresolved(secret.arn) ? secret.maxLength : secret.arn.length);
    if (length > this.room) {
      this.room = MAX_PATTERN - BESIDE_SECRETS;
      this.rules.push([]);
      this.addRule(this.rules.at(-1)!, this.rules.length);
    }
    this.rules.at(-1)!.push(secret);
    this.room -= length;
  }

  /** @param secrets those of the rule; more can still come */
  private addRule(secrets: readonly FollowedSecret[], number: number): void {
    const unique = (texts: readonly string[]) => [...new Set(texts)];
    const rule = new CfnRule(this, `Rule${number}`, {
      description: 'Uses a new DKIM key of a followed secret (cdk-ses-dkim)',
      eventPattern: Lazy.any({
        produce: () => ({
          'source': ['aws.secretsmanager'],
          'detail-type': ['Secret Label Updated'],
          'resources': unique(secrets.map(({ arn }) => arn)).map(prefix => ({ prefix })),
          'detail': { labelUpdated: ['AWSCURRENT'] },
        }),
      }),
      targets: [{
        id: 'Function',
        arn: this.functionArn,
        input: Lazy.string({
          produce: () => Stack.of(this).toJsonString({ Secrets: secrets.map(({ followedBy }) => followedBy) }),
        }),
      }],
    });
    new CfnPermission(this, `Rule${number}Permission`, {
      action: 'lambda:InvokeFunction',
      functionName: this.functionArn,
      principal: 'events.amazonaws.com',
      sourceArn: rule.attrArn,
    });
  }
}
