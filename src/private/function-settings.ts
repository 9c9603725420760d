// What the constructs of a stack say about the function that they share: one answer for each setting.
import { Stack, Token, Tokenization } from 'aws-cdk-lib';
import { IConstruct } from 'constructs';
import { comparisonKey } from './comparison-key';
import { shown } from './shown';
import { checkAccount, checkLogKey, checkType } from './validation';
import type { DkimFunctionOptions } from '../dkim-function';

/** The settings that are compared with each other. `vpc` stands for subnets and security groups too. */
type Setting = Exclude<keyof DkimFunctionOptions, 'vpcSubnets' | 'securityGroups'>;

interface Answer {
  readonly by: string;
  /** Equal for equal answers, such as a role that is imported twice. */
  readonly key: string;
  readonly shown: string;
}

export class FunctionSettings {
  private readonly answers = new Map<Setting, Answer>();
  private merged: DkimFunctionOptions = {};

  constructor(private readonly stack: Stack) {}

  /** All answers so far. */
  public get options(): DkimFunctionOptions {
    return this.merged;
  }

  /** Throws if an answer is wrong by itself, or differs from that of another construct. */
  public add(by: IConstruct, options: DkimFunctionOptions): void {
    check(options, this.stack);
    for (const [setting, answer] of this.answersIn(by, options)) {
      const earlier = this.answers.get(setting);
      if (earlier && earlier.key !== answer.key) {
        throw new Error(`All EmailIdentityDkim constructs of stack '${this.stack.stackName}' share one function, and it `
          + `has two different answers for ${setting}: '${earlier.by}' gives ${earlier.shown}, '${answer.by}' gives `
          + `${answer.shown}. Give one of them, or put the constructs into different stacks`);
      }
      this.answers.set(setting, answer);
    }
    const given = Object.entries(options).filter(([, value]) => value !== undefined);
    this.merged = { ...this.merged, ...Object.fromEntries(given) };
  }

  private *answersIn(by: IConstruct, options: DkimFunctionOptions): Iterable<[Setting, Answer]> {
    const { role, logRetention, logEncryptionKey, vpc, vpcSubnets, securityGroups } = options;
    const { reservedConcurrentExecutions } = options;
    const answer = (value: string, ...texts: string[]): Answer => ({
      by: by.node.path, shown: value, key: JSON.stringify(texts.map(text => comparisonKey(this.stack, text)).sort()),
    });
    const named = (construct: IConstruct, id: string) => `'${Token.isUnresolved(id) ? construct.node.path : id}'`;
    const number = (value: number) =>
      answer(Token.isUnresolved(value) ? 'a number known at deployment' : `${value}`, Tokenization.stringifyNumber(value));

    if (role) yield ['role', answer(named(role, role.roleArn), role.roleArn)];
    if (logRetention !== undefined) yield ['logRetention', number(logRetention)];
    if (logEncryptionKey) {
      yield ['logEncryptionKey', answer(named(logEncryptionKey, logEncryptionKey.keyArn), logEncryptionKey.keyArn)];
    }
    if (vpc) {
      const { subnetIds } = vpc.selectSubnets(vpcSubnets);
      const groups = (securityGroups ?? []).map(({ securityGroupId }) => securityGroupId);
      const details = `${named(vpc, vpc.vpcId)} with ${subnetIds.length} subnets and `
        + `${groups.length || 'the default'} security groups`;
      yield ['vpc', answer(details, vpc.vpcId, ...subnetIds, ...groups)];
    }
    if (reservedConcurrentExecutions !== undefined) {
      yield ['reservedConcurrentExecutions', number(reservedConcurrentExecutions)];
    }
  }
}

function check(options: DkimFunctionOptions, stack: Stack): void {
  const { role, logEncryptionKey, vpc, vpcSubnets, securityGroups, reservedConcurrentExecutions: reserved } = options;
  if (role) checkType('role', role, 'roleArn', 'Pass a role, for example of Role.fromRoleArn()');
  if (logEncryptionKey) checkType('logEncryptionKey', logEncryptionKey, 'keyArn', 'Pass a key, for example of Key.fromKeyArn()');
  if (logEncryptionKey) checkLogKey(logEncryptionKey.keyArn, logEncryptionKey.env.region, stack);
  if (vpc) checkType('vpc', vpc, 'selectSubnets', 'Pass a VPC, for example of Vpc.fromLookup()');
  if (securityGroups) checkType('securityGroups', securityGroups, 'map', 'Pass a list of security groups');
  if (role) checkAccount('role', role.env.account, stack.account, 'A function can only have a role of its own account');
  if (!vpc && (vpcSubnets || securityGroups)) {
    throw new Error(`${vpcSubnets ? 'vpcSubnets' : 'securityGroups'} is given without a vpc. Give them in one call`);
  }
  if (reserved !== undefined && !Token.isUnresolved(reserved) && !(Number.isInteger(reserved) && reserved >= 1)) {
    throw new Error(`reservedConcurrentExecutions is ${typeof reserved === 'number' ? reserved : shown(reserved)}. Give a `
      + 'whole number of at least 1: with 0 the function never runs, and CloudFormation waits for an hour for each identity');
  }
  const publicSubnets = vpc?.publicSubnets.map(({ subnetId }) => subnetId) ?? [];
  const publicSubnet = vpc?.selectSubnets(vpcSubnets).subnets.find(({ subnetId }) => publicSubnets.includes(subnetId));
  if (publicSubnet) {
    throw new Error(`vpcSubnets has the public subnet '${publicSubnet.node.path}'. A function there gets no public `
      + 'address, so it reaches neither AWS nor the name servers. Select private subnets with a way to the internet');
  }
}
