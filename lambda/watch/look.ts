// Looks at one identity: what SES says, and what public DNS has of the keys that it signs with. Changes nothing.
import { dnsFindings, KeyView } from './dns-findings';
import { Finding } from './finding';
import { KeyName, keyNames } from './key-names';
import { Seen } from './metrics';
import { RotationLook } from './rotation-look';
import { sesFindings, SesView } from './ses-findings';
import { WatchedIdentity } from '../../src/private/contract';
import { describeError, detailsOf } from '../base/describe-error';
import { HandlerError } from '../base/errors';
import { PublicDns, Ses } from '../base/ports';
import { isAccessDenied } from '../base/retry';

/** After that, name servers that were restarted, or records that somebody writes again, are there. */
const SECOND_LOOK_MS = 30_000;

/** What is reported. */
interface Look {
  readonly seen: Seen;
  readonly findings: readonly Finding[];
}

/** What SES says, or why nobody knows. */
export async function askSes(
  { Identity: domain, Signing }: WatchedIdentity, region: string, readIn: Ses['readIn'],
): Promise<SesView | Finding> {
  try {
    const identity = await readIn(region);
    const parent = identity && Signing.Method === 'DEED' ? await readIn(Signing.ParentRegion) : undefined;
    return { region, identity, parent };
  } catch (error) {
    const { name, text } = error instanceof HandlerError ? { name: '', text: error.whatHappened } : describeError(error);
    const host = detailsOf(error).host ?? `SES in ${region}`;
    return {
      what: `nobody could see how ${domain} signs, as ${host} has not said it: ${name ? `${name}: ` : ''}${text}`,
      whatToDo: isAccessDenied(error)
        ? "See which policy, permission boundary or service control policy forbids ses:GetEmailIdentity to the function's role"
        : 'If it stays so, see what else calls SES in this account, and in a VPC how the function reaches SES',
      isBlind: true,
    };
  }
}

/** A fault in the look itself must not pass for health. */
export function unseen(watched: WatchedIdentity, error: unknown): Look {
  const { name, text } = describeError(error);
  return asBlind({
    what: `nobody could see whether DKIM of ${watched.Identity} works: ${name}: ${text}`,
    whatToDo: 'This is a fault in cdk-ses-dkim: report it, with this line',
    isBlind: true,
  });
}

function asBlind(finding: Finding): Look {
  return { seen: { Problem: true, LookFailed: true }, findings: [finding] };
}

/** @param pause returns false when there is no time for a second look */
export async function lookAt(
  watched: WatchedIdentity, view: SesView | Finding, ofRotation: RotationLook, dns: PublicDns,
  pause: (ms: number) => Promise<boolean>,
): Promise<Look> {
  if ('what' in view) return asBlind(view);
  const names = keyNames(watched, view);
  let ofDns = dnsFindings(await keyViews(names, dns));
  if (ofDns.length > 0 && await pause(SECOND_LOOK_MS)) ofDns = dnsFindings(await keyViews(names, dns));
  const findings = [...sesFindings(watched, view), ...ofDns, ...ofRotation.findings];
  const isBlind = findings.some((finding) => finding.isBlind);
  const { identity } = view;
  return {
    seen: {
      Problem: findings.length > 0,
      LookFailed: isBlind,
      Verified: identity?.status === 'SUCCESS',
      SigningEnabled: identity?.signingEnabled ?? false,
      KeyPublished: ofDns.some((finding) => finding.isBlind) ? undefined : names.length > 0 && ofDns.length === 0,
      ...ofRotation.seen,
    },
    findings,
  };
}

async function keyViews(names: readonly KeyName[], dns: PublicDns): Promise<KeyView[]> {
  return Promise.all(names.map(async (key) => {
    const answers = await dns.ask(key.name);
    const { target } = key;
    const isElsewhere = answers.some(({ alias = target }) => alias !== target);
    const further = target !== undefined && isElsewhere ? await dns.ask(target) : [];
    return { ...key, answers, furtherTarget: further.find(({ alias }) => alias)?.alias }; // one can be silent
  }));
}
