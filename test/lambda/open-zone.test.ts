// Tests of the look at a hosted zone before anything is written to it.
import { openZone } from '../../lambda/open-zone';
import { HostedZone, ZoneGoneError } from '../../lambda/ports';

const never = async () => {
  throw new Error('it is only looked at');
};
const zoneOf = (describe: HostedZone['describe']): HostedZone => ({ describe, list: never, change: never });
const zoneNamed = (name: string, privateZone = false) => zoneOf(async () => ({ name, privateZone }));
const properties = { id: 'Z1', ttl: 60, overwrite: false };

test.each(['mail.example.com', 'example.com', 'com'])('the zone %s holds the domain mail.example.com', async (name) => {
  const zone = zoneNamed(name);
  await expect(openZone(zone, properties, 'mail.example.com')).resolves.toBe(zone);
});

test.each(['example.net', 'ample.com', 'sub.mail.example.com'])('the zone %s does not', async (name) => {
  await expect(openZone(zoneNamed(name), properties, 'mail.example.com')).rejects
    .toThrow(`The hosted zone Z1 is for ${name}, and mail.example.com is not in it. Use the zone of the domain or of a parent of it.`);
});

test('a private zone is refused', async () => {
  await expect(openZone(zoneNamed('example.com', true), properties, 'example.com')).rejects
    .toThrow('The hosted zone Z1 (example.com) is private. SES and receivers look in public DNS: use the public zone.');
});

test('a zone that is gone is said with the way out', async () => {
  const gone = zoneOf(async () => { throw new ZoneGoneError('There is no hosted zone Z1.'); });
  await expect(openZone(gone, properties, 'example.com')).rejects
    .toThrow('There is no hosted zone Z1. Use the id of a hosted zone in this account, or set hostedZoneRole.');
  await expect(openZone(gone, { ...properties, roleArn: 'arn:role' }, 'example.com')).rejects
    .toThrow('There is no hosted zone Z1. Use the id of a hosted zone in the account of arn:role.');
});

test('a zone that the function may not open is said with the way out', async () => {
  const refused = Object.assign(new Error('not authorized'), { name: 'AccessDenied' });
  await expect(openZone(zoneOf(async () => { throw refused; }), properties, 'example.com')).rejects
    .toThrow('The function has no access to the hosted zone Z1: not authorized. A zone of another account needs hostedZoneRole; in this account');
});

test('another failure is passed on', async () => {
  const problem = new Error('AccessDenied');
  await expect(openZone(zoneOf(async () => { throw problem; }), properties, 'example.com')).rejects.toBe(problem);
});
