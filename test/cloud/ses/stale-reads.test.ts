// Reads that show what was before a change: which of the states, and for how long.
import { createPrivateKey } from 'node:crypto';
import {
  ListTagsForResourceCommand, PutEmailIdentityDkimAttributesCommand, TagResourceCommand,
} from '@aws-sdk/client-sesv2';
import { identityArn } from './identity';
import { base64, DOMAIN, ref, SesStage } from './stage';
import { pooledKey } from '../key-pool';
import { StaleReads } from '../stale-reads';
import { Random } from '../time/random';

const KEY = base64(createPrivateKey(pooledKey(2048, 0)));

describe('one identity\'s reads', () => {
  const changedTwice = (staleReads: 'never' | 'always' | 'sometimes', random: Random = () => 0) => {
    const reads = new StaleReads<string>({ staleReads, staleForMs: 3_000 }, random);
    reads.changesFrom('first', 10_000);
    reads.changesFrom('second', 12_000);
    return (now: number) => reads.read('third', now);
  };

  test('never: a change is seen at once', () => {
    expect(changedTwice('never')(12_000)).toBe('third');
  });

  test('always: each change is seen three seconds after it was made', () => {
    const read = changedTwice('always');
    expect([12_000, 12_999, 13_000, 14_999, 15_000].map(read)).toEqual(['first', 'first', 'second', 'second', 'third']);
  });

  test('sometimes: any of the states until then, as the random number has it, and later ones only afterwards', () => {
    const at = (now: number, chance: number) => changedTwice('sometimes', () => chance)(now);
    expect([0, 0.5, 0.99].map((chance) => at(12_500, chance))).toEqual(['first', 'second', 'third']);
    expect([0, 0.99].map((chance) => at(13_000, chance))).toEqual(['second', 'third']);
    expect(at(15_000, 0)).toBe('third');
  });
});

describe('through the API', () => {
  let stage: SesStage;

  beforeEach(async () => {
    stage = await SesStage.start({ staleReads: 'always', staleForMs: 3_600_000 });
  });
  afterEach(() => stage.stop());

  const shown = async () => {
    const { DkimAttributes: dkim = {}, Tags: tags } = await stage.get();
    const { SigningAttributesOrigin: origin, Status: status, Tokens: tokens, SigningEnabled: enabled } = dkim;
    return { origin, status, tokens, enabled, tags };
  };
  const mine = [{ Key: 'owner', Value: 'me' }];

  test('a call that configures signing answers what is new, and a read shows the signing of before', async () => {
    // GIVEN an identity that was verified, and so the most misleading status
    await stage.verifiedEasyDkim();
    const before = await shown();
    expect(before.status).toBe('SUCCESS');
    // WHEN
    const answer = await stage.putKey('s1', KEY);
    // THEN
    expect(answer.DkimTokens).toEqual(['s1']);
    expect(await shown()).toEqual(before);
    expect(stage.state()).toMatchObject({ origin: 'EXTERNAL', status: 'PENDING', tokens: ['s1'] });
    await stage.context.clock.pass(3_600_000);
    expect(await shown()).toMatchObject({ origin: 'EXTERNAL', tokens: ['s1'] });
  });

  test('so do tags, and signing that is switched off', async () => {
    stage.ses.createIdentity(ref());
    const before = await shown();
    await stage.client.send(new TagResourceCommand({ ResourceArn: identityArn(ref()), Tags: mine }));
    const off = { EmailIdentity: DOMAIN, SigningEnabled: false };
    await stage.client.send(new PutEmailIdentityDkimAttributesCommand(off));
    expect(await shown()).toEqual(before);
    const list = new ListTagsForResourceCommand({ ResourceArn: identityArn(ref()) });
    expect((await stage.client.send(list)).Tags).toEqual([]);
    await stage.context.clock.pass(3_600_000);
    expect(await shown()).toMatchObject({ enabled: false, tags: mine });
  });

  test('a new identity is seen as it is', async () => {
    stage.ses.createIdentity({ ...ref(), tags: mine });
    expect((await stage.get()).Tags).toEqual(mine);
  });
});
