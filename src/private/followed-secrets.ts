// The rules of EventBridge by which a new key in a followed secret is used within minutes. Without them it
// takes up to an hour.
import { Lazy, Stack } from 'aws-cdk-lib';
import { CfnRule } from 'aws-cdk-lib/aws-events';
import { CfnPermission } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { isUnknown } from './validation';

/** Characters of a pattern beside the secrets: https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutRule.html */
const PATTERN_ROOM = 2048 - 150;
/** The same of a target's input: https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_Target.html */
const INPUT_ROOM = 8192 - '{"Secrets":[]}'.length;
/** Characters of a secret beside its ARN. */
const AROUND_PREFIX = '{"prefix":""},'.length;
const AROUND_ARN = '"",'.length;

export interface FollowedSecret {
  /** Without the six characters at its end, if the app does not know them. */
  readonly arn: string;
  /** Of the ARN at deployment, in characters. */
  readonly maxLength: number;
  /** The secret that says which key is in use. */
  readonly followedBy: string;
  /** The same of the ARN of that. */
  readonly maxFollowedBy: number;
}

export class FollowedSecrets extends Construct {
  private rules = 0;
  /** Those of the last rule. */
  private secrets: FollowedSecret[] = [];
  private patternRoom = 0;
  private inputRoom = 0;

  constructor(scope: Construct, id: string, private readonly functionArn: string) {
    super(scope, id);
  }

  public add(secret: FollowedSecret): void {
    const { arn, maxLength, maxFollowedBy } = secret;
    const inInput = maxFollowedBy + AROUND_ARN;
    const isNamed = this.secrets.some(other => other.arn === arn);
    const inPattern = isNamed ? 0 : AROUND_PREFIX + (isUnknown(arn) ? maxLength : arn.length);
    if (inInput > this.inputRoom || inPattern > this.patternRoom) {
      this.secrets = [];
      this.addRule(this.secrets, ++this.rules);
      [this.patternRoom, this.inputRoom] = [PATTERN_ROOM, INPUT_ROOM];
      return this.add(secret);
    }
    this.secrets.push(secret);
    this.patternRoom -= inPattern;
    this.inputRoom -= inInput;
  }

  /** @param secrets those of the rule; more can still come */
  private addRule(secrets: readonly FollowedSecret[], number: number): void {
    const unique = (texts: readonly string[]) => [...new Set(texts)];
    const rule = new CfnRule(this, `Rule${number}`, {
      description: 'Uses a new DKIM key of a followed secret (cdk-ses-dkim)',
      eventPattern: Lazy.uncachedAny({
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
        input: Lazy.uncachedString({
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
