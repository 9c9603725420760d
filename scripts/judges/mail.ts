// The judges of mail: each verifies messages with the local cloud's DNS, and most can sign with a key, too.
import { join } from 'node:path';
import { ask, Command, MissingError, run } from './command';
import { Scene } from '../../test/end-to-end/scene';

export interface ToSign {
  readonly domain: string;
  readonly selector: string;
  /** PEM, PKCS #8. */
  readonly privateKey: string;
  readonly message: Buffer;
}

export interface MailJudge {
  readonly name: string;
  /** For each message `pass` and the domain that it is signed for, or what is wrong with it. */
  verify(scene: Scene, messages: readonly Buffer[]): Promise<string[]>;
  sign?(scene: Scene, messages: readonly ToSign[]): Promise<Buffer[]>;
}

/** The library that the tests use as well. */
export const MAILAUTH: MailJudge = {
  name: 'mailauth',
  verify: async (scene, messages) => {
    const verdicts: string[] = [];
    for (const message of messages) {
      const { result, signingDomain, comment } = await scene.verdictOn(message);
      verdicts.push(result === 'pass' ? `pass ${signingDomain}` : `${result} ${comment ?? ''}`);
    }
    return verdicts;
  },
};

/** @param python the interpreter of an environment that has dkimpy */
export function dkimpy(python: string): MailJudge {
  return judgeBy('dkimpy', { command: python, args: [join(__dirname, 'mail.py')] });
}

/** Builds the program around the library of Go. */
export async function msgauth(directory: string): Promise<MailJudge> {
  const command = join(directory, 'msgauth');
  const built = await run({
    command: 'go', args: ['build', '-o', command, '.'], cwd: join(__dirname, 'msgauth'), env: { GOFLAGS: '' },
  });
  if (built.code !== 0) throw new MissingError(built.errors);
  return judgeBy('go-msgauth', { command });
}

interface Answer {
  readonly verdicts: string[];
  readonly signed: string[];
}

function judgeBy(name: string, command: Command): MailJudge {
  const answer = ({ cloud }: Scene, verify: readonly Buffer[], sign: readonly ToSign[]) =>
    cloud.clock.hold(name, () => ask<Answer>(command, {
      resolver: cloud.dns.client().getServers()[0],
      verify: verify.map(base64),
      sign: sign.map((each) => ({ ...each, message: base64(each.message) })),
    }));
  return {
    name,
    verify: async (scene, messages) => (await answer(scene, messages, [])).verdicts,
    sign: async (scene, messages) =>
      (await answer(scene, [], messages)).signed.map((each) => Buffer.from(each, 'base64')),
  };
}

function base64(message: Buffer): string {
  return message.toString('base64');
}
