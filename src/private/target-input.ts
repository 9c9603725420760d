// The input of a rule's target of EventBridge: how many identities one target has room for.
import { isUnknown } from './validation';

/** In characters: https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_Target.html */
const ROOM = 8192;

/** No other value is longer. */
const MOST = 512;

/** The longest values that only the deployment knows. */
const LONGEST: Readonly<Record<string, number>> = {
  Identity: 253,
  Region: 16,
  HostedZoneId: 32,
  HostedZoneRoleArn: 240,
  HostedZoneRoleExternalId: 256,
  DelegatedTo: 253,
  LogicalResourceId: 255,
  Selector: 63,
  PublicKeySha256: 64,
  ParentRegion: 16,
  JsonField: 512,
  RecordTtl: 10,
  SecretArnForm: 7,
  VersionId: 64,
  VersionStage: 256,
};

interface TargetInputOptions {
  /** How many characters stand beside the identities. */
  readonly besides: number;
  /** How long the ARN of a secret can be. */
  readonly secretArn: number;
}

/** Lists of things, as many in each as the input of one target has room for. */
export class TargetInputs<Thing> {
  public readonly lists: Thing[][] = [];
  private room = 0;

  constructor(private readonly options: TargetInputOptions) {}

  /** @param identity what the input has of the thing */
  public add(thing: Thing, identity: object): void {
    const longest: Readonly<Record<string, number>> = { ...LONGEST, SecretArn: this.options.secretArn };
    const atDeployment = (key: string, value: unknown) => isUnknown(String(value)) ? 'x'.repeat(longest[key] ?? MOST) : value;
    const length = JSON.stringify(identity, atDeployment).length + ','.length;
    if (length > this.room) {
      this.lists.push([]);
      this.room = ROOM - this.options.besides;
    }
    this.lists[this.lists.length - 1].push(thing);
    this.room -= length;
  }
}
