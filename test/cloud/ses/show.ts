// What SES shows of an identity. Pure.
import { signingHostedZone } from './easy-dkim';
import { Identity, IdentityState } from './identity';
import { SesSettings } from './settings';

/** @param owner whose Easy DKIM keys the identity uses; undefined when it uses none */
export function show(
  identity: Identity, owner: Identity | undefined, now: number, settings: Pick<SesSettings, 'byoDkimTokens'>,
): IdentityState {
  const { account, region, name, signing, signingEnabled, verification, soa, tags } = identity;
  const { status, verifiedForSending, lastChecked, lastSuccess, errorType } = verification;
  const seen = {
    account,
    region,
    name,
    origin: signing.origin,
    signingEnabled,
    status,
    verifiedForSending,
    lastChecked,
    lastSuccess,
    errorType,
    soa,
    tags,
  };
  if (signing.origin === 'EXTERNAL') {
    return { ...seen, tokens: settings.byoDkimTokens === 'selector' ? [signing.selector] : [] };
  }
  if (!owner || owner.tokensAt === Infinity) return { ...seen, tokens: [] }; // nobody has asked for Easy DKIM
  return {
    ...seen,
    tokens: now < owner.tokensAt ? [] : owner.easy.tokens,
    signingHostedZone: signingHostedZone(owner.region),
    nextKeyLength: owner.easy.keyLength,
    currentKeyLength: owner.currentKeyLength,
    keyGeneratedAt: owner.easy.generatedAt,
  };
}
