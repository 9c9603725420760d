// Each change of how a domain is signed that has a rotating key before it, after it, or both.
import { RemovalPolicy, Stack } from 'aws-cdk-lib';
import * as route53 from 'aws-cdk-lib/aws-route53';
import * as ses from 'aws-cdk-lib/aws-ses';
import { DkimSigning, EmailIdentityDkim } from '../../src';
import { signsByHand, thenFails } from '../../test/end-to-end/hand-made';
import { PARENT, parentExists, WAIT } from '../../test/end-to-end/methods';
import { DAY, RotatingScene } from '../../test/end-to-end/rotating-scene';
import { ACCOUNT, DOMAIN, PEM, REGION } from '../../test/end-to-end/scene';

export interface Change {
  readonly from: string;
  readonly to: string;
  /** Has the domain signed as it is before. */
  readonly before: (rotating: RotatingScene) => Promise<unknown>;
  readonly change: (rotating: RotatingScene) => Promise<unknown>;
  /** How SES signs in the end. */
  readonly origin: 'AWS_SES' | 'EXTERNAL' | 'AWS_SES_EU_WEST_1';
  /** How long SES needs, in ms, after the first call of the change. @default as long as after any call */
  readonly sesNeeds?: (usual: number) => number;
}

const ROTATING = 'rotating key';
const rotatingByoDkim = () => DkimSigning.rotatingByoDkim();

const easy = ({ scene }: RotatingScene) => scene.easy(WAIT);
const byo = ({ scene }: RotatingScene) => scene.byo('s1', scene.secrets.one, WAIT);
const replica = ({ scene }: RotatingScene) => scene.replicaOf(PARENT, WAIT);
const rotating = ({ scene }: RotatingScene) => scene.dkim(rotatingByoDkim, WAIT);

type Build = (stack: Stack) => EmailIdentityDkim;

function deployed(build: (rotating: RotatingScene) => Build): Change['before'] {
  return (each) => each.scene.deployed('mail', build(each));
}

/** Deploys it in a stack that fails after it, and is rolled back. */
function rolledBack(build: (rotating: RotatingScene) => Build): Change['change'] {
  return async (each) => {
    const { status } = await each.scene.deploy('mail', thenFails(build(each)));
    if (status !== 'UPDATE_ROLLBACK_COMPLETE') throw new Error(`The stack is not rolled back: ${status}`);
  };
}

/** `ses.EmailIdentity` with the records that it makes itself. */
function native(signing?: () => DkimSigning): Change['before'] {
  return ({ scene }) => scene.deployed('mail', (stack) => {
    const hostedZone = route53.PublicHostedZone.fromPublicHostedZoneAttributes(stack, 'Zone', {
      hostedZoneId: scene.zoneId, zoneName: DOMAIN,
    });
    const identity = new ses.EmailIdentity(stack, 'Identity', { identity: ses.Identity.publicHostedZone(hostedZone) });
    if (signing) new EmailIdentityDkim(stack, 'Dkim', { identity, hostedZone, signing: signing(), ...WAIT });
  });
}

/** BYODKIM without this library, its record written by hand. */
async function byHand({ scene }: RotatingScene): Promise<void> {
  signsByHand(scene, 'hand', PEM.one);
  scene.publishKey('hand', PEM.one);
}

/** With `RETAIN`; then the stack goes. Signing, record and secret stay. */
async function retained({ scene }: RotatingScene): Promise<void> {
  await scene.deployed('mail', scene.dkim(rotatingByoDkim, { ...WAIT, removalPolicy: RemovalPolicy.RETAIN }));
  await scene.destroy('mail');
}

async function inAnotherStack({ scene }: RotatingScene): Promise<void> {
  await scene.deployed('other', scene.dkim(rotatingByoDkim, WAIT));
}

async function rotateInVain(each: RotatingScene): Promise<void> {
  const { selector, clock } = each;
  each.rotate();
  await clock.until('SES to be told the next key', () => each.selector !== selector, DAY);
  await clock.until('SES to be told the key before it again', () => each.selector === selector, DAY);
}

export const CHANGES: readonly Change[] = [
  { from: 'Easy DKIM', to: ROTATING, before: deployed(easy), change: deployed(rotating), origin: 'EXTERNAL' },
  {
    from: 'Easy DKIM of `ses.EmailIdentity`, with its own records',
    to: ROTATING,
    before: (each) => {
      each.cloud.ses.deleteIdentity({ account: ACCOUNT, region: REGION, name: DOMAIN });
      return native()(each);
    },
    change: native(rotatingByoDkim),
    origin: 'EXTERNAL',
  },
  { from: 'BYODKIM set up by hand', to: ROTATING, before: byHand, change: deployed(rotating), origin: 'EXTERNAL' },
  { from: '`byoDkim`', to: ROTATING, before: deployed(byo), change: deployed(rotating), origin: 'EXTERNAL' },
  {
    from: 'replica (DEED)',
    to: ROTATING,
    origin: 'EXTERNAL',
    change: deployed(rotating),
    before: async (each) => {
      await parentExists(each.scene);
      await deployed(replica)(each);
    },
  },
  { from: ROTATING, to: 'Easy DKIM', before: deployed(rotating), change: deployed(easy), origin: 'AWS_SES' },
  { from: ROTATING, to: '`byoDkim`', before: deployed(rotating), change: deployed(byo), origin: 'EXTERNAL' },
  {
    from: ROTATING,
    to: 'replica (DEED)',
    origin: 'AWS_SES_EU_WEST_1',
    change: deployed(replica),
    before: async (each) => {
      await parentExists(each.scene);
      await deployed(rotating)(each);
    },
  },
  { from: ROTATING, to: 'its next key', before: deployed(rotating), change: (each) => each.rotated(), origin: 'EXTERNAL' },
  {
    from: ROTATING,
    to: 'its next key, which SES does not verify',
    before: deployed(rotating),
    change: rotateInVain,
    origin: 'EXTERNAL',
    sesNeeds: () => DAY,
  },
  {
    from: 'Easy DKIM', to: `${ROTATING}, rolled back`, before: deployed(easy), change: rolledBack(rotating), origin: 'AWS_SES',
  },
  {
    from: ROTATING, to: 'Easy DKIM, rolled back', before: deployed(rotating), change: rolledBack(easy), origin: 'EXTERNAL',
  },
  {
    from: ROTATING, to: 'construct removed, with `RETAIN`', before: deployed(rotating), change: retained, origin: 'EXTERNAL',
  },
  {
    from: 'rotating key that was retained',
    to: 'new rotating key of another stack',
    origin: 'EXTERNAL',
    before: async (each) => {
      await deployed(rotating)(each);
      await each.scene.verified();
      await retained(each);
    },
    change: inAnotherStack,
  },
];
