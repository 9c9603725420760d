// The limit of how often an account may ask for stacks, in one Region.
import { Principal } from '../credentials';
import { ServiceError } from '../service-error';
import { Clock } from '../time/clock';

export interface DescribeLimitSettings {
  /**
   * How many requests a second may describe stacks, their resources or their events, in one account and Region.
   * CloudFormation has a limit and does not say which. Tools that poll report about ten a second. One limit for all
   * three kinds of requests is the harsh reading.
   */
  describesPerSecond: number;
}

export class DescribeLimit {
  /** When the requests of the last second were made, by account and Region. */
  private readonly recent = new Map<string, number[]>();
  private readonly exempt = new WeakSet<Principal>();

  constructor(private readonly clock: Pick<Clock, 'now'>, private readonly settings: DescribeLimitSettings) {}

  /** The tests' own looks at a stack cost nobody a request. */
  exempts(principal: Principal): void {
    this.exempt.add(principal);
  }

  /** Throws when it is one too many. */
  take(principal: Principal, { account, region }: { account: string; region: string }): void {
    if (this.exempt.has(principal)) return;
    const now = this.clock.now();
    const key = `${account}/${region}`;
    const recent = (this.recent.get(key) ?? []).filter((at) => at > now - 1000);
    if (recent.length >= this.settings.describesPerSecond) throw new ServiceError('Throttling', 400, 'Rate exceeded');
    this.recent.set(key, [...recent, now]);
  }
}
