// SES's limit of control-plane requests, for each account and Region.
import { SesSettings } from './settings';

export class RequestLimit {
  private readonly nextRequestAt = new Map<string, number>();

  constructor(private readonly settings: Pick<SesSettings, 'requestsPerSecond' | 'requestLimit'>) {}

  /** Takes a place for the call. False when it comes too early; then it takes none. */
  admits(operation: string, { account, region }: { account: string; region: string }, now: number): boolean {
    const { requestLimit, requestsPerSecond } = this.settings;
    const key = [account, region, ...(requestLimit === 'each operation' ? [operation] : [])].join('/');
    if (now < (this.nextRequestAt.get(key) ?? 0)) return false;
    this.nextRequestAt.set(key, now + 1000 / requestsPerSecond);
    return true;
  }
}
