// What a deployment takes for the record of a key, a change of the key takes too.
import { FollowingScene, HOUR } from './following-scene';
import { signsByHand } from './hand-made';
import { DOMAIN, PEM, publicKeyOf, Scene } from './scene';
import { RecordConflict } from '../../src';

let following: FollowingScene;
beforeEach(async () => {
  following = new FollowingScene(await Scene.withIdentity());
  following.store('s1', PEM.one);
});
afterEach(() => following.stop());

function txt(pem: string, more = ''): string {
  const key = publicKeyOf(pem);
  return `"v=DKIM1; k=rsa; ${more}p=${key.slice(0, 200)}" "${key.slice(200)}"`;
}

/** CNAMEs are how mail services hand out keys. */
function byCname(selector: string, pem: string): void {
  following.scene.write(`key.${DOMAIN}`, 'TXT', txt(pem));
  following.scene.write(`${selector}._domainkey.${DOMAIN}`, 'CNAME', `key.${DOMAIN}`);
}

test('a new key replaces one that is reached by a CNAME', async () => {
  byCname('s1', PEM.one);
  await following.deploy();
  await following.scene.verified();
  following.store('s2', PEM.two);
  await following.clock.pass(5 * HOUR);
  expect(following.log).not.toMatch(/The record s1\._domainkey.*Remove it/);
  expect(following.selector).toBe('s2');
});

test('a new key that is published as a CNAME before it is stored is used', async () => {
  await following.deploy();
  await following.scene.verified();
  byCname('s2', PEM.two);
  following.store('s2', PEM.two);
  await following.clock.pass(5 * HOUR);
  expect(following.selector).toBe('s2');
});

test('a new key replaces one that SES signs with by a hand-made record with t=y', async () => {
  signsByHand(following.scene, 's1', PEM.one);
  following.scene.write(`s1._domainkey.${DOMAIN}`, 'TXT', txt(PEM.one, 't=y; '));
  await following.scene.verified();
  await following.deploy();
  following.store('s2', PEM.two);
  await following.clock.pass(5 * HOUR);
  expect(following.selector).toBe('s2');
});

test('I another record has the name of the next key: nobody is told to overwrite it, as only a deployment can do that', async () => {
  await following.deploy({ recordConflict: RecordConflict.OVERWRITE });
  await following.scene.verified();
  following.scene.write(`s2._domainkey.${DOMAIN}`, 'TXT', '"placeholder"');
  following.store('s2', PEM.two);
  await following.clock.pass(5 * HOUR);
  expect(following.log).toContain('Remove it, or choose another selector.');
  expect(following.log).not.toContain('or set recordConflict to OVERWRITE');
});
