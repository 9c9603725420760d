// The input of a rule's target of EventBridge: how many identities one target has room for.
import { Token } from 'aws-cdk-lib';

/** In characters: https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_Target.html */
const ROOM = 8192;

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
};

/**
 * The same things, as many in each list as the input of one target has room for. What is added later changes no list
 * but the last.
 *
 * @param identityOf what the input has of a thing
 * @param options.besides how many characters stand beside the identities
 * @param options.secretArn how long the ARN of a secret can be
 */
export function shareOut<Thing>(
  things: readonly Thing[],
  identityOf: (thing: Thing) => object,
  { besides, secretArn }: { readonly besides: number; readonly secretArn: number },
): Thing[][] {
  const longest: Readonly<Record<string, number>> = { ...LONGEST, SecretArn: secretArn };
  const atDeployment = (key: string, value: unknown) => Token.isUnresolved(value) ? 'x'.repeat(longest[key]) : value;
  const lists: Thing[][] = [];
  let room = 0;
  for (const thing of things) {
    const length = JSON.stringify(identityOf(thing), atDeployment).length + ','.length;
    if (length > room) {
      lists.push([]);
      room = ROOM - besides;
    }
    lists[lists.length - 1].push(thing);
    room -= length;
  }
  return lists;
}
