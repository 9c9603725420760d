// The demo checks the verdicts that it prints: a message that does not verify ends it with an error.
import { PEM, Scene } from './end-to-end/scene';
import { showVerdicts } from '../examples/demo/mail';

let scene: Scene;

beforeEach(async () => {
  jest.spyOn(process.stdout, 'write').mockReturnValue(true);
  scene = await Scene.start();
});
afterEach(async () => {
  jest.restoreAllMocks();
  await scene.stop();
});

test('a message that does not verify ends the demo, and the error names it', async () => {
  scene.identityExists();
  await scene.deployed('Mail', scene.byo('s1', scene.secret(PEM.one)));
  await scene.verified();
  const message = { description: 'sent now', domain: 'example.com', raw: await scene.sent(), selectors: ['s1'] };
  await showVerdicts(scene.cloud, [message]);
  await expect(showVerdicts(scene.cloud, [{ ...message, selectors: ['s2'] }])).rejects.toThrow(
    'signed with the selector s2. Found: s=s1',
  );

  scene.erase('s1._domainkey.example.com');
  await expect(showVerdicts(scene.cloud, [message]))
    .rejects.toThrow('Expected: the message from example.com sent now has dkim=pass. Found: dkim=neutral');
});
