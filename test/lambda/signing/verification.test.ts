// Tests of waiting for verification: it ends with SUCCESS, or says what SES saw.
import {
  AwsInMemory, byo, DEED, KEYS, keyRecord, REGION, wanting,
} from '../fixtures/aws-in-memory';

describe('waiting for verification', () => {
  test('it ends when SES says SUCCESS', async () => {
    const aws = new AwsInMemory();
    let pauses = 0;
    aws.onPause = () => ++pauses === 4 && aws.set({ status: 'SUCCESS' });
    const attributes = await aws.reconcile(wanting(byo('s1'), { waitSeconds: 600 }));
    expect(attributes.DkimStatus).toBe('SUCCESS');
    expect(pauses).toBe(4);
  });

  test('it fails when SES gives up, with what SES saw and what it should have found', async () => {
    const aws = new AwsInMemory();
    aws.onPause = () =>
      aws.set({ status: 'FAILED', errorType: 'HOST_NOT_FOUND', lastChecked: new Date('2026-11-23T00:01:00Z') });
    await expect(aws.reconcile(wanting(byo('s1'), { waitSeconds: 600 }))).rejects.toThrow(
      'SES gave up verifying DKIM of example.com: status FAILED, last error HOST_NOT_FOUND, last looked '
        + '2026-11-23T00:01:00.000Z. '
      + `SES should find in public DNS: TXT s1._domainkey.example.com ${keyRecord('s1').value}.`);
  });

  test('it fails when the time is over', async () => {
    const aws = new AwsInMemory();
    const began = aws.time;
    await expect(aws.reconcile(wanting(byo('s1'), { waitSeconds: 600 })))
      .rejects.toThrow(
        /has not verified DKIM of example\.com within 600 seconds: status PENDING, last error none, last looked never/,
      );
    expect(aws.time - began).toBeLessThan(601_000);
  });

  test('a replica is told where to look', async () => {
    const aws = new AwsInMemory();
    aws.set({ status: 'SUCCESS' }, 'eu-west-1');
    await expect(aws.reconcile(wanting(DEED, { waitSeconds: 60 })))
      .rejects.toThrow(/look at the identity in the parent Region/);
  });

  test('a further invocation goes on with the time that was left', async () => {
    const aws = new AwsInMemory();
    const progress = { signingPut: false };
    await expect(aws.reconcile(wanting(byo('s1'), { waitSeconds: 1200 }), undefined, { progress, seconds: 800 }))
      .rejects.toThrow(/no time left/);
    expect(progress).toEqual({
      signingPut: true,
      signingPutAt: Date.UTC(2026, 10, 23),
      signingTag: 'told=EXTERNAL:s1',
      acceptedKey: `s1 ${KEYS.one.publicKeySha256}`,
      recordsBegun: true,
      waitingSince: Date.UTC(2026, 10, 23),
    });
    await expect(aws.reconcile(wanting(byo('s1'), { waitSeconds: 1200 }), undefined, { progress, seconds: 800 }))
      .rejects.toThrow(/within 1200 seconds/);
    expect(aws.time - Date.UTC(2026, 10, 23)).toBeLessThan(1_210_000);
  });

  test('an identity that is deleted meanwhile ends it', async () => {
    const aws = new AwsInMemory();
    aws.onPause = () => aws.identities.delete(REGION);
    await expect(aws.reconcile(wanting(byo('s1'), { waitSeconds: 600 })))
      .rejects.toThrow(/was deleted while its verification was awaited/);
  });
});
