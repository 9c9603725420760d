// Debian's opendkim-tools: whether a record can be read and belongs to a private key, and what record they would make.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './command';
import { Scene } from '../../test/end-to-end/scene';

export interface PublishedKey {
  readonly domain: string;
  readonly selector: string;
  /** PEM. Without it only the record is looked at. */
  readonly privateKey?: string;
}

export class OpenDkim {
  constructor(private readonly directory: string) {}

  /** A key of these tools, in PEM, and the public key of the record that they make for it. */
  async generate(bits: number): Promise<{ privateKey: string; publicKey: string }> {
    const { code, errors } = await run({
      command: 'opendkim-genkey',
      args: ['-b', String(bits), '-d', 'example.com', '-s', 'made', '-D', this.directory],
    });
    if (code !== 0) throw new Error(`opendkim-genkey ended with ${code}: ${errors}`);
    const record = readFileSync(join(this.directory, 'made.txt'), 'utf8');
    const value = [...record.matchAll(/"([^"]*)"/g)].map(([, part]) => part).join('');
    return {
      privateKey: readFileSync(join(this.directory, 'made.private'), 'utf8'),
      publicKey: /p=(\S+)/.exec(value)![1],
    };
  }

  /** Undefined when nothing is wrong. */
  async wrongWith({ domain, selector, privateKey }: PublishedKey, { cloud }: Scene): Promise<string | undefined> {
    const [address] = cloud.dns.client().getServers();
    const [configuration, resolver, key] = ['opendkim', 'resolver', 'key'].map((name) => join(this.directory, name));
    writeFileSync(configuration, `ResolverConfiguration ${resolver}\n`);
    // Only the local cloud is asked, and nothing is taken from the machine.
    writeFileSync(resolver, [
      'server:', 'do-not-query-localhost: no', 'module-config: "iterator"',
      'forward-zone:', 'name: "."', `forward-addr: ${address.replace(':', '@')}`, '',
    ].join('\n'));
    if (privateKey) writeFileSync(key, privateKey, { mode: 0o600 });
    const ended = await cloud.clock.hold('opendkim-testkey', () => run({
      command: 'opendkim-testkey',
      args: ['-x', configuration, '-d', domain, '-s', selector, ...privateKey ? ['-k', key] : []],
    }));
    return ended.code === 0 ? undefined : ended.errors.trim() || `it ended with ${ended.code}`;
  }
}
