// What must hold of release: SES forgets a key before its record goes, and what is gone already is fine.
import {
  AwsInMemory, byo, DEED, DOMAIN, keyLine, verified, wanting,
} from '../fixtures/aws-in-memory';

describe('delete', () => {
  test('a record that one stack retains does not go with the other stack that needs it', async () => {
    const aws = new AwsInMemory();
    aws.set({}, 'eu-central-1');
    const [kept, other] = [wanting(byo('s1'), { retain: true }), wanting(byo('s1'), { region: 'eu-central-1' })];
    await aws.reconcile(kept);
    await aws.reconcile(other);
    await aws.release(kept);
    await aws.release(other);
    expect(aws.zone.records.map(({ name }) => name)).toEqual([`s1._domainkey.${DOMAIN}`]);
    expect(aws.identity.origin).toBe('EXTERNAL');
  });

  test('with RETAIN only the registry record goes', async () => {
    const desired = wanting(byo('s1'), { retain: true });
    const aws = await verified(desired);
    await aws.release(desired);
    expect(aws.puts).toEqual([]);
    expect(aws.zone.records.map(({ name }) => name)).toEqual([`s1._domainkey.${DOMAIN}`]);
  });

  test('identity, zone or record already gone: it succeeds and says what it found', async () => {
    const aws = await verified(wanting(byo('s1')));
    aws.identities.clear();
    aws.zone.gone = true;
    await aws.release(wanting(byo('s1')));
    expect(aws.lines.join('')).toMatch(/identity-gone[\s\S]*zone-gone/);
    const emptied = await verified(wanting(byo('s1')));
    emptied.zone.records = [];
    await emptied.release(wanting(byo('s1')));
    expect(emptied.identity.origin).toBe('AWS_SES');
  });

  test('an identity that goes between two calls is gone too', async () => {
    const aws = await verified(wanting(byo('s1')));
    aws.putRefused = Object.assign(new Error('gone'), { name: 'NotFoundException' });
    await aws.release(wanting(byo('s1')));
    expect(aws.zone.records).toEqual([]);
  });

  test('signing that somebody has changed since is left alone', async () => {
    const aws = await verified(wanting(byo('s1')));
    aws.set({ origin: 'EXTERNAL', tokens: ['theirs'] });
    await aws.release(wanting(byo('s1')));
    expect(aws.puts).toEqual([]);
  });

  test('a Create that failed before SES was told anything leaves signing alone', async () => {
    const aws = new AwsInMemory();
    aws.set({ origin: 'EXTERNAL', tokens: ['s1'], status: 'SUCCESS' });
    await aws.release(wanting(byo('s1')), { create: 'untouched' });
    expect(aws.puts).toEqual([]);
  });

  test('a replica that SES will not lead back stays one, and the delete succeeds', async () => {
    const aws = await verified(wanting(DEED));
    aws.putRefused = Object.assign(new Error('not from a replica'), { name: 'BadRequestException' });
    await aws.release(wanting(DEED));
    expect(aws.lines.join('')).toContain('signing-left-alone');
  });

  test('a key that SES will not forget keeps its record, and the delete fails', async () => {
    const aws = await verified(wanting(byo('s1')));
    aws.putRefused = Object.assign(new Error('no'), { name: 'BadRequestException' });
    await expect(aws.release(wanting(byo('s1')))).rejects.toThrow('no');
    expect(aws.zone.contents).toEqual([keyLine('s1')]);
  });
});
