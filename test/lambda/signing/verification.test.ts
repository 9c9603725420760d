// Tests of waiting for verification: it ends with SUCCESS, or says what SES saw.
import { DesiredSigning } from '../../../lambda/base/desired-state';
import { LookAgainError } from '../../../lambda/base/errors';
import { IdentityState } from '../../../lambda/base/ports';
import { Progress } from '../../../lambda/signing/task';
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
      + `SES should find in public DNS: TXT s1._domainkey.example.com ${keyRecord('s1').value}. `
      + 'Look whether the domain is delegated to the zone that has them.');
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

  test('a further invocation goes on with the time that was left, and only asks SES', async () => {
    const aws = new AwsInMemory();
    const progress: Progress = { signingPut: false };
    const first: unknown[] = [];
    aws.onPause = () => {
      if (first.length === 0) first.push(structuredClone(progress), aws.calls);
      else first.push(aws.calls);
    };
    await expect(aws.reconcile(wanting(byo('s1'), { waitSeconds: 1200 }), undefined, { progress }))
      .rejects.toThrow(/within 1200 seconds/);
    const [handedOn, ...calls] = first;
    expect(handedOn).toEqual({
      signingPut: true,
      signingPutAt: Date.UTC(2026, 10, 23),
      signingTag: 'told=EXTERNAL:s1',
      acceptedKey: `s1 ${KEYS.one.publicKeySha256}`,
      recordsBegun: true,
      waitingSince: Date.UTC(2026, 10, 23),
      awaited: {
        status: 'PENDING',
        records: [keyRecord('s1')],
        attributes: { Selector: 's1', PublicKeySha256: KEYS.one.publicKeySha256 },
        isSigningOurs: true,
      },
    });
    expect(calls.slice(1)).toEqual(calls.slice(0, -1).map((count) => Number(count) + 1));
    expect(aws.time - Date.UTC(2026, 10, 23)).toBeLessThan(1_210_000);
  });

  test('right after SES was told, its answer says how it is: SES is not asked, and a further invocation looks', async () => {
    const aws = new AwsInMemory();
    const calls: string[] = [];
    aws.onCall = (call) => void calls.push(call);
    await expect(aws.reconcileOnce(wanting(byo('s1'), { waitSeconds: 600 }))).rejects.toThrow(LookAgainError);
    expect(calls).toContain('Put');
    expect(calls.slice(calls.indexOf('Put'))).not.toContain('Get');
  });

  test('what is left of a short wait is waited for at once', async () => {
    const aws = new AwsInMemory();
    let pauses = 0;
    aws.onPause = () => ++pauses === 1 && aws.set({ status: 'SUCCESS' });
    expect(await aws.reconcileOnce(wanting(byo('s1'), { waitSeconds: 10 }))).toMatchObject({ DkimStatus: 'SUCCESS' });
  });

  test('an identity that is deleted meanwhile ends it', async () => {
    const aws = new AwsInMemory();
    aws.onPause = () => aws.identities.delete(REGION);
    await expect(aws.reconcile(wanting(byo('s1'), { waitSeconds: 600 })))
      .rejects.toThrow('was deleted while its verification was awaited. Create it again, then deploy again');
  });

  const OLD = { status: 'FAILED', lastChecked: new Date('2026-11-22T00:00:00Z') };

  test('what SES says of the time before it was told does not count', async () => {
    const aws = new AwsInMemory();
    aws.onPause = () => aws.set(OLD);
    await expect(aws.reconcile(wanting(byo('s1'), { waitSeconds: 10 })))
      .rejects.toThrow('SES has not verified DKIM of example.com within 10 seconds: status FAILED');
  });

  test('but a minute after it was told, SES shows what it has now, also where it does not say when it looked', async () => {
    const aws = new AwsInMemory();
    const began = aws.time;
    aws.onPause = () => aws.set({ ...OLD, lastChecked: undefined });
    await expect(aws.reconcile(wanting(byo('s1'), { waitSeconds: 600 }))).rejects.toThrow('SES gave up verifying DKIM');
    expect(aws.time - began).toBe(60_000);
  });

  test.each<[string, DesiredSigning, Partial<IdentityState>]>([
    ['EXTERNAL with the selector theirs', byo('s1'), { origin: 'EXTERNAL', tokens: ['theirs'] }],
    ['AWS_SES', byo('s1'), { origin: 'AWS_SES' }],
    ['EXTERNAL', DEED, { origin: 'EXTERNAL', tokens: [] }],
  ])('somebody else who sets another signing meanwhile ends it: %s', async (seen, signing, state) => {
    const aws = new AwsInMemory();
    aws.set({ status: 'SUCCESS' }, 'eu-west-1');
    aws.onPause = () => aws.set({ ...state, status: 'SUCCESS' });
    await expect(aws.reconcile(wanting(signing, { waitSeconds: 600 }))).rejects.toThrow(
      `Somebody else has set how example.com signs, while its verification was awaited: SES has ${seen} now. Find out who did`);
  });
});
