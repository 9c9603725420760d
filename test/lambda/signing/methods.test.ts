// Tests of what is special to Easy DKIM and to BYODKIM.
import { unquote } from '../../../lambda/base/dns-text';
import { SigningAttributes } from '../../../lambda/base/ports';
import { sameKey } from '../../../lambda/records/dkim-record';
import {
  AwsInMemory, byo, EASY, KEYS, keyRecord, SHORTER, tokenLines, verified, wanting,
} from '../fixtures/aws-in-memory';

describe('Easy DKIM', () => {
  test('an identity that is as wanted only gets its records', async () => {
    const aws = new AwsInMemory();
    const attributes = await aws.reconcile(wanting(EASY));
    expect(aws.puts).toEqual([]);
    expect(aws.zone.contents).toEqual(tokenLines(aws));
    expect(attributes).toMatchObject({
      DkimStatus: 'PENDING',
      SigningHostedZone: 'dkim.amazonses.com',
      RecordName1: `${aws.identity.tokens[0]}._domainkey.example.com`,
      RecordData3: `${aws.identity.tokens[2]}.dkim.amazonses.com`,
    });
  });

  test('without tokens there is nothing to publish, which is said', async () => {
    const aws = new AwsInMemory();
    aws.set({ tokens: [] });
    await expect(aws.reconcile(wanting(EASY))).rejects.toThrow('SES has made no DKIM tokens for example.com yet. Deploy again in a minute');
    expect(aws.zone.records).toEqual([]);
  });

  test('the fallback is used where SES does not name the zone of its keys', async () => {
    const aws = new AwsInMemory();
    aws.set({ signingHostedZone: undefined }, 'eu-south-1');
    const attributes = await aws.reconcile(wanting(EASY, { region: 'eu-south-1' }));
    expect(attributes.SigningHostedZone).toBe('dkim.eu-south-1.amazonses.com');
  });

  const refusal = Object.assign(new Error('too often'), { name: 'BadRequestException' });

  test('a key length that SES will not change now is explained', async () => {
    const aws = await verified(wanting(EASY));
    aws.set({ lastKeyGeneration: new Date('2026-11-22T20:00:00Z') });
    aws.putRefused = refusal;
    await expect(aws.reconcile(wanting(SHORTER), wanting(EASY)))
      .rejects.toThrow(
        /too often\. SES allows that once in 24 hours.*The last key was made at 2026-11-22T20:00:00\.000Z\. Deploy again later/,
      );
  });

  test('after BYODKIM, a length that SES has already is no error', async () => {
    const aws = await verified(wanting(byo('s1')));
    const services = aws.services(wanting(EASY));
    const { putSigning } = services.ses;
    // SES refuses the length it has, and takes the change without it.
    Object.assign(services.ses, {
      putSigning: (attributes: SigningAttributes) =>
        'keyLength' in attributes && attributes.keyLength ? Promise.reject(refusal) : putSigning(attributes),
    });
    jest.spyOn(aws, 'services').mockReturnValue(services);
    const attributes = await aws.reconcile(wanting(EASY), wanting(byo('s1')));
    expect(attributes.DkimStatus).toBe('PENDING');
    await expect(aws.reconcile(wanting(SHORTER))).rejects.toThrow(/SES refused to change the key length/);
  });

  test('other refusals are passed on', async () => {
    const aws = await verified(wanting(byo('s1')));
    aws.putRefused = Object.assign(new Error('who are you'), { name: 'AccessDeniedException' });
    await expect(aws.reconcile(wanting(EASY))).rejects.toThrow('who are you');
  });
});

describe('BYODKIM', () => {
  test('the attributes say selector, key and record', async () => {
    const aws = new AwsInMemory();
    const attributes = await aws.reconcile(wanting(byo('s1')));
    expect(attributes).toEqual({
      DkimStatus: 'PENDING',
      Selector: 's1',
      PublicKeySha256: KEYS.one.publicKeySha256,
      RecordName1: 's1._domainkey.example.com',
      RecordValue1: keyRecord('s1').value,
      RecordData1: keyRecord('s1').data,
    });
    expect(sameKey(unquote(keyRecord('s1').data), keyRecord('s1').value)).toBe(true);
  });

  test('a signing that is switched off is said, not switched on', async () => {
    const aws = new AwsInMemory();
    await aws.reconcile(wanting(byo('s1')));
    expect(aws.lines.join('')).not.toContain('signing-disabled');
    aws.set({ signingEnabled: false });
    await aws.reconcile(wanting(byo('s1')));
    expect(aws.lines.join('')).toMatch(/signing-disabled.*DKIM signing is switched off/);
    expect(aws.identity.signingEnabled).toBe(false);
  });
});
