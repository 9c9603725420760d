// What the policy of a secret says of a caller, apart from what the caller's own policies say.
import { Principal } from '../credentials';
import { applies, Effect, listOf, PolicyDocument, PolicyStatement, statementsOf } from '../iam-policy';

/** A statement may name everyone, the caller's account or the caller's role. */
export function secretPolicyEffect(
  { arn, resourcePolicy }: { arn: string; resourcePolicy?: PolicyDocument }, principal: Principal, action: string,
): Effect {
  const names = [principal.account, `arn:${arn.split(':')[1]}:iam::${principal.account}:root`, principal.roleArn, '*'];
  const fits = (statement: PolicyStatement) => {
    const named = typeof statement.Principal === 'string' ? [statement.Principal] : listOf(statement.Principal?.AWS);
    return named.some((name) => names.includes(name)) && applies(statement, { action, resource: arn, context: {} });
  };
  const effects = resourcePolicy ? statementsOf(resourcePolicy).filter(fits).map((statement) => statement.Effect) : [];
  if (effects.includes('Deny')) return 'Deny';
  return effects.includes('Allow') ? 'Allow' : 'None';
}
