// Each form in which a private key may be stored: deployed from the secret, and mail verifies with it.
import { createPrivateKey } from 'node:crypto';
import { Duration } from 'aws-cdk-lib';
import { byoDkim, newKey, PEM, Scene } from './scene';

let scene: Scene;

beforeEach(async () => {
  scene = await Scene.withIdentity();
});
afterEach(() => scene.stop());

const der = (type: 'pkcs1' | 'pkcs8') => createPrivateKey(PEM.one).export({ type, format: 'der' }).toString('base64');
const pem = (type: 'pkcs1' | 'pkcs8') => createPrivateKey(PEM.one).export({ type, format: 'pem' }) as string;
const lines = (text: string, length: number, end: string) => text.match(new RegExp(`.{1,${length}}`, 'g'))!.join(end);

test.each<{ form: string; value: string; jsonField?: string }>([
  { form: 'PEM, PKCS #8', value: pem('pkcs8') },
  { form: 'PEM, PKCS #1', value: pem('pkcs1') },
  { form: 'PEM with CRLF, and white space around it', value: `  ${pem('pkcs1').replaceAll('\n', '\r\n')}\r\n` },
  { form: 'base64 of the DER in one line, PKCS #8', value: der('pkcs8') },
  { form: 'base64 of the DER in lines of 76, PKCS #1', value: `${lines(der('pkcs1'), 76, '\r\n')}\n` },
  { form: 'PEM in a JSON field', value: JSON.stringify({ user: 'mail', key: pem('pkcs8') }), jsonField: 'key' },
  {
    form: 'PEM in a JSON field, its line breaks escaped twice',
    value: JSON.stringify({ key: pem('pkcs1').replaceAll('\n', '\\n') }),
    jsonField: 'key',
  },
])('$form', async ({ value, jsonField }) => {
  await scene.deployed('Mail', scene.dkim(
    (stack) => byoDkim(stack, 's1', scene.secret(value), { jsonField }),
    { waitForVerification: Duration.minutes(30) }));
  expect(await scene.send()).toMatchObject({ result: 'pass', selector: 's1', keyLength: 2048 });
});

test.each([1024, 1536])('a key of %d bits', async (bits) => {
  await scene.deployed('Mail', scene.byo('s1', scene.secret(newKey(bits)), {
    waitForVerification: Duration.minutes(30),
  }));
  expect(await scene.send()).toMatchObject({ result: 'pass', keyLength: bits });
});
