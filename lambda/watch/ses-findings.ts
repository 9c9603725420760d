// What is wrong with an identity, by what SES says of it. Pure.
import { DEPLOY_A_CHANGE, Finding } from './finding';
import { WatchedIdentity, WatchedSigning } from '../../src/private/contract';
import { canonicalName } from '../base/dns-text';
import { isRegistryLabel } from '../base/owner';
import { IdentityState } from '../base/ports';
import { ShownSigning, signsAs } from '../signing/ses-rules';
import { isLastTold, tagOf } from '../signing/signing-tag';

/** What SES says. */
export interface SesView {
  readonly region: string;
  /** Undefined when there is no such identity. */
  readonly identity?: IdentityState;
  /** Of a replica. */
  readonly parent?: IdentityState;
}

/** What a status means that is not SUCCESS, and what to do. SES adds new ones as it likes. */
const STATUSES: Readonly<Record<string, readonly [meaning: string, whatToDo: string]>> = {
  PENDING: ['SES still looks for the records, and mail goes out unsigned until it has found them',
    'It takes minutes. If it takes longer, look whether the records are in public DNS, and the domain is delegated to them'],
  FAILED: ['SES has given up, and mail goes out unsigned',
    `SES does not look again by itself. When the records are in public DNS, ${DEPLOY_A_CHANGE}`],
  TEMPORARY_FAILURE: ['SES cannot see the records just now, and stops signing if that lasts for days',
    'Look whether the records are in public DNS, and the domain is delegated to them'],
};

export function sesFindings({ Identity: domain, Signing }: WatchedIdentity, view: SesView): Finding[] {
  const { region, identity, parent } = view;
  if (!identity) {
    return [{
      what: `there is no identity ${domain} in SES in ${region}, so no mail can be sent from it`,
      whatToDo: `Create it again, then ${DEPLOY_A_CHANGE}: a new identity does not sign as the old one did`,
    }];
  }
  const findings: Finding[] = [];
  if (!identity.signingEnabled) {
    findings.push({
      what: `DKIM signing of ${domain} is switched off in SES in ${region}, and mail goes out unsigned`,
      whatToDo: 'Find out who did, and switch it on: aws sesv2 put-email-identity-dkim-attributes --signing-enabled '
        + `--email-identity ${domain} --region ${region}`,
    });
  }
  findings.push(...signingFindings(domain, Signing, region, identity));
  if (identity.status !== 'SUCCESS') {
    const { status, errorType } = identity;
    const [meaning, whatToDo] = STATUSES[status] ?? STATUSES.PENDING;
    findings.push({
      what: `the DKIM status of ${domain} in SES in ${region} is ${status}${errorType ? ` (${errorType})` : ''}: ${meaning}`,
      whatToDo,
    });
  }
  if (Signing.Method === 'DEED') findings.push(...parentFindings(domain, Signing.ParentRegion, identity, parent));
  return findings;
}

/** Whether it signs as the stack says. The event can be older than a change of the stack, but tags say who told SES. */
function signingFindings(domain: string, signing: WatchedSigning, region: string, identity: IdentityState): Finding[] {
  const signs = `${domain} signs in SES in ${region} by ${describe(identity)}`;
  const owners = Object.keys(identity.tags).filter(isRegistryLabel);
  const onlyTagsSay = signing.Method === 'ROTATING_BYODKIM' && identity.origin === 'EXTERNAL';
  if (onlyTagsSay && owners.length === 0) {
    return [{
      what: `${signs}, and no tag of the identity says which stack has set it`,
      whatToDo: `An update of the identity can take its tags away. To have them written again, ${DEPLOY_A_CHANGE}`,
    }];
  }
  const staying = owners.filter((label) => !tagOf(identity, { label }).leaves);
  const tags = Object.fromEntries(staying.map((label) => [label, identity.tags[label]]));
  if (isLastTold({ ...identity, tags }) || signsAs(shownSigning(signing), identity)) return [];
  if (isLastTold(identity)) {
    return [{
      what: `${signs}, as another stack has set it, which was removed or rolled back`,
      whatToDo: `To have it as the stack says, ${DEPLOY_A_CHANGE}`,
    }];
  }
  // A key that SES had before is followed. Nobody has told it, so no tag says which one it is.
  if (onlyTagsSay && staying.some((label) => tagOf(identity, { label }).told.length === 0)) return [];
  return [{
    what: `${signs}, and the stack has set ${describeSet(signing)}`,
    whatToDo: `Find out who has changed it. To have it as the stack says, ${DEPLOY_A_CHANGE}`,
  }];
}

/** SES replicates the parent's keys. Other tokens are those of another key. */
function parentFindings(
  domain: string, parentRegion: string, { tokens }: IdentityState, parent: IdentityState | undefined,
): Finding[] {
  const whatToDo = `Find out who has changed it: the parent signs with Easy DKIM, and is verified. Then ${DEPLOY_A_CHANGE}`;
  const its = `the parent of ${domain} in ${parentRegion}`;
  if (!parent) return [{ what: `${its} is not there, and a replica has the keys of its parent`, whatToDo }];
  if (parent.origin !== 'AWS_SES') {
    return [{ what: `${its} signs by ${describe(parent)}, and a replica has the Easy DKIM keys of its parent`, whatToDo }];
  }
  const sorted = (names: readonly string[]) => names.map(canonicalName).sort().join();
  if (sorted(tokens) === sorted(parent.tokens)) return [];
  return [{ what: `${its} has other DKIM tokens than its replica: its keys are not those that the replica has`, whatToDo }];
}

export function shownSigning(signing: WatchedSigning): ShownSigning {
  switch (signing.Method) {
    case 'EASY_DKIM': return { method: 'EASY_DKIM' };
    case 'DEED': return { method: 'DEED', parentRegion: signing.ParentRegion };
    case 'BYODKIM': return { method: 'BYODKIM', selector: signing.Selector };
    case 'ROTATING_BYODKIM': return { method: 'BYODKIM', selector: '' }; // it is one that was told, or none of ours
  }
}

function describe({ origin = 'no method', tokens }: IdentityState): string {
  return `${origin}${origin === 'EXTERNAL' && tokens.length > 0 ? ` with selector ${tokens.join(', ')}` : ''}`;
}

function describeSet(signing: WatchedSigning): string {
  switch (signing.Method) {
    case 'EASY_DKIM': return 'Easy DKIM (AWS_SES)';
    case 'DEED': return `a replica of ${signing.ParentRegion}`;
    case 'BYODKIM': return `BYODKIM (EXTERNAL) with selector ${signing.Selector}`;
    case 'ROTATING_BYODKIM': return 'a rotating key (EXTERNAL) with another selector';
  }
}
