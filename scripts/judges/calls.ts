// Holds each request that functions made to AWS against botocore's models of the services.
import { join } from 'node:path';
import { ask } from './command';
import { LocalCloudOptions } from '../../test/cloud';

interface RecordedCall {
  readonly service: string;
  readonly operation: string;
  readonly method: string;
  /** Path and query, as they are on the wire. */
  readonly url: string;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

export interface JudgedOperation {
  readonly operation: string;
  readonly calls: number;
  /** What is wrong, each once. */
  readonly findings: readonly string[];
}

/** Calls that are wrong, so that a judge who passes everything is seen. */
const SPOILT = { operation: 'PutEmailIdentityDkimSigningAttributes', field: 'SigningAttributesOrigin' };
const spoilt = (call: RecordedCall): RecordedCall =>
  ({ ...call, body: call.body.replace(`"${SPOILT.field}"`, `"${SPOILT.field}s"`) });

export class RecordedCalls {
  private readonly calls: RecordedCall[] = [];

  /** For the cloud's options. Only what functions send is taken. */
  readonly take: LocalCloudOptions['onRequest'] = ({ service, operation, body, principal }, request) => {
    if (principal.processId === undefined) return;
    const { method, path, query, headers } = request;
    this.calls.push({ service, operation, body, method, url: query.size > 0 ? `${path}?${query}` : path, headers });
  };

  /** @param python the interpreter of an environment that has botocore */
  async judgedBy(python: string): Promise<JudgedOperation[]> {
    const asked = [...this.calls, ...this.calls.filter(({ operation }) => operation === SPOILT.operation).map(spoilt)];
    const findings = await ask<string[][]>({ command: python, args: [join(__dirname, 'calls.py')] }, asked);
    const passed = findings.slice(this.calls.length).filter(({ length }) => length === 0);
    if (asked.length === this.calls.length || passed.length > 0) {
      throw new Error(`botocore finds nothing in ${passed.length} calls that are wrong`);
    }
    const named = this.calls.map(({ service, operation }, index) =>
      ({ name: `${service} ${operation}`, findings: findings[index] }));
    return [...new Set(named.map(({ name }) => name))].sort().map((operation) => {
      const calls = named.filter(({ name }) => name === operation);
      return { operation, calls: calls.length, findings: [...new Set(calls.flatMap((each) => each.findings))] };
    });
  }
}
