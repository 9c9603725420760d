// What must hold: a record that this library did not write is neither changed nor deleted.
import { DesiredState } from '../../../lambda/base/desired-state';
import { ChangeRefusedError } from '../../../lambda/base/errors';
import { RecordSet } from '../../../lambda/base/ports';
import {
  AwsInMemory, byo, DOMAIN, EASY, KEYS, keyLine, owner, record, verified, wanting, ZONE,
} from '../fixtures/aws-in-memory';

describe('never someone else’s record', () => {
  const foreign = (selector: string): RecordSet =>
    record(`${selector}._domainkey.${DOMAIN}`, 'TXT', '"v=DKIM1; p=AAAA"');

  test('same name, other value: the deployment fails, names both, and writes nothing', async () => {
    const aws = new AwsInMemory([foreign('s1')]);
    await expect(aws.reconcile(wanting(byo('s1'))))
      .rejects.toThrow(/it has TXT v=DKIM1; p=AAAA; needed is TXT v=DKIM1; k=rsa; p=/);
    expect(aws.zone.records).toEqual([foreign('s1')]);
    expect(aws.puts).toEqual([]);
  });

  test('the same on update, where the old record and signing stay as they are', async () => {
    const aws = await verified(wanting(byo('s1')), new AwsInMemory([foreign('s2')]));
    const before = aws.zone.records;
    await expect(aws.reconcile(wanting(byo('s2', 'two')), wanting(byo('s1'))))
      .rejects.toThrow(/was not written by this construct/);
    expect(aws.zone.records).toEqual(before);
    expect(aws.puts).toEqual([]);
  });

  test('with OVERWRITE it is replaced, and is ours from then on', async () => {
    const aws = new AwsInMemory([foreign('s1')]);
    const desired = wanting(byo('s1'), { zone: { id: ZONE, ttl: 1800, overwrite: true } });
    await aws.reconcile(desired);
    expect(aws.zone.contents).toEqual([keyLine('s1')]);
    await aws.release(desired);
    expect(aws.zone.records).toEqual([]);
  });

  test('same name, same key: used as it is, and left where it is in the end', async () => {
    const found = record(
      `s1._domainkey.${DOMAIN}`, 'TXT', `"p=${KEYS.one.publicKey.slice(0, 100)}" "${KEYS.one.publicKey.slice(100)}"`,
    );
    const aws = new AwsInMemory([found]);
    await aws.reconcile(wanting(byo('s1')));
    expect(aws.zone.registries[0][1]).toMatch(/^record=s1; type=TXT; origin=found;/);
    await aws.release(wanting(byo('s1')));
    expect(aws.zone.records).toEqual([found]);
  });

  test('the CNAMEs that ses.EmailIdentity made are found, and stay', async () => {
    const aws = new AwsInMemory();
    const native = aws.identity.tokens.map((token) =>
      record(`${token}._domainkey.${DOMAIN}`, 'CNAME', `${token}.dkim.amazonses.com.`));
    aws.zone.records = native;
    await aws.reconcile(wanting(EASY));
    expect(aws.puts).toEqual([]);
    expect(aws.zone.records).toEqual([...native, expect.objectContaining({ type: 'TXT' })]);
    await aws.release(wanting(EASY));
    expect(aws.zone.records).toEqual(native);
  });

  test('a record that was changed after we wrote it is no longer ours', async () => {
    const aws = await verified(wanting(byo('s1')));
    const changed = aws.zone.records.map((one) => one.name.startsWith('s1.') ? foreign('s1') : one);
    aws.zone.records = changed;
    await aws.release(wanting(byo('s1')));
    expect(aws.zone.records).toEqual([foreign('s1')]);
  });

  test.each([
    ['one', 'two'], ['two', 'one'],
  ])('a record that two stacks need stays when %s goes first, and goes with %s', async (first, second) => {
    // GIVEN one key in two Regions
    const aws = new AwsInMemory();
    aws.set({}, 'eu-central-1');
    const stacks: Record<string, DesiredState> = {
      one: wanting(byo('s1')), two: wanting(byo('s1'), { region: 'eu-central-1' }),
    };
    await aws.reconcile(stacks.one);
    await aws.reconcile(stacks.two);
    // WHEN one goes, THEN the record stays
    await aws.release(stacks[first]);
    expect(aws.zone.contents).toEqual([keyLine('s1')]);
    expect(aws.identities.get(stacks[second].region)!.origin).toBe('EXTERNAL');
    // WHEN the other goes, THEN nothing is left
    await aws.release(stacks[second]);
    expect(aws.zone.records).toEqual([]);
  });

  test('what another construct signs with in the same Region is not set back (a renamed construct)', async () => {
    const aws = await verified(wanting(byo('s1')));
    await aws.reconcile(wanting(byo('s1')), undefined, { owner: owner('Renamed') });
    await aws.release(wanting(byo('s1')));
    expect(aws.puts).toEqual([]);
    expect(aws.zone.contents).toEqual([keyLine('s1')]);
  });

  test('somebody who makes the record between our look and our change is not overwritten', async () => {
    const aws = new AwsInMemory();
    aws.zone.meanwhile = () => {
      aws.zone.meanwhile = undefined;
      aws.zone.records.push(foreign('s1'));
    };
    await expect(aws.reconcile(wanting(byo('s1')))).rejects.toThrow(/was not written by this construct/);
    expect(aws.zone.records).toEqual([foreign('s1')]);
  });

  test('a zone that somebody changes all the time is given up, not fought for', async () => {
    const aws = new AwsInMemory();
    aws.zone.change = async () => {
      throw new ChangeRefusedError('somebody was faster');
    };
    await expect(aws.reconcile(wanting(byo('s1')))).rejects.toThrow('somebody was faster');
    expect(aws.puts).toEqual([]);
  });
});
