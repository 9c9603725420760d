// Messages that no case here can make, as they need more than bad input. Each names the test file that makes it.
import { Refusal } from './refusal';

export const ELSEWHERE: readonly Refusal[] = [
  {
    place: 'synthesis',
    says: "The folder with the code of the function, '{folder}', {is}. Probably a bundler has put the library into a file of the app",
    advises: "Let the bundler leave it in node_modules: 'cdk-ses-dkim' as an external module (esbuild: --external:cdk-ses-dkim, "
      + 'webpack: externals). If it is there, install the package again',
    why: 'The folder `is not there`, or `has other files than those of this version of cdk-ses-dkim`: the library looks for its '
      + "function beside its own file. For webpack write `externals: ['cdk-ses-dkim']`.",
    testedBy: 'test/private/handler-asset.test.ts',
  },
  {
    place: 'synthesis',
    says: 'The identities in stack {stack} need {count} managed policies, as many again while an update changes them, and the VPC of '
      + 'the function another',
    advises: '{most}',
    why: 'As above, with one policy less: [Many identities](trouble.md#many-identities).',
    testedBy: 'test/private/provider.test.ts',
  },
  {
    place: 'synthesis',
    says: 'The identities in stack {stack} need {count} managed policies for two functions with one role, as many again while an update '
      + 'changes them',
    advises: 'Give DkimFunction.configure() no role, so that each function has its own, or put some of the EmailIdentityDkim constructs '
      + 'into another stack',
    why: 'A stack with a rotating key, `followSecret` or `retireBetweenDeployments` has a second function. A role that you give is for both.',
    testedBy: 'test/private/rotation.test.ts',
  },
  {
    place: 'synthesis',
    says: "An Aspect or an override gives the function another role, and the permissions go to '{role}'",
    advises: 'Give the role to DkimFunction.configure() instead. Only you can give it',
    why: 'The function would have a role without the permissions.',
    testedBy: 'test/private/shared-function.test.ts',
  },
  {
    place: 'synthesis',
    says: "The app creates secret '{secret}' and generates its value, which is no private key",
    advises: 'Put the key into the secret before this construct is deployed: create the secret in a stack that is deployed earlier, '
      + 'or import it',
    why: 'A warning, `cdk-ses-dkim:generatedSecret`. Acknowledge it when the key is in the secret.',
    testedBy: 'test/email-identity-dkim/late-values.test.ts',
  },
  {
    place: 'synthesis',
    says: "An Aspect or an override encrypts secret '{secret}' with another key, and the functions get no permission for that key",
    advises: 'Give the key to rotatingByoDkim() as encryptionKey. Give the secret its encryptionKey where it is created. There is no '
      + 'key in the secret, so let the Aspect leave it out',
    why: 'A warning, `cdk-ses-dkim:secretKey`, with what helps for that secret. Acknowledge it if the policy of the key lets the roles of '
      + 'the account use it. Otherwise no key can be stored or read: where the stack is deployed already, each rotation fails.',
    testedBy: 'test/email-identity-dkim/secret-key.test.ts',
  },
  {
    place: 'synthesis',
    says: "region '{region}' is that of the stack",
    advises: 'Leave region out. If the stack was deployed with it and without env, keep the logical ids that it has, as '
      + 'docs/moving.md says: otherwise CloudFormation replaces what it has for this identity, also a rotating key',
    why: 'A note, `cdk-ses-dkim:ownRegion`. Without `env`, the Region is a part of the logical ids, and with it no longer: '
      + '[A stack gets an env](moving.md#a-stack-gets-an-env).',
    testedBy: 'test/email-identity-dkim/logical-id.test.ts',
  },
  {
    place: 'key',
    says: 'it cannot be read',
    advises: 'store an RSA private key as PEM, made with: openssl genrsa 2048',
    why: 'The library knows no such format.',
    testedBy: 'test/lambda/signing/secret-key.test.ts',
  },
  {
    place: 'public-dns',
    says: '{domain} signs mail now, and its public name servers do not answer TXT {name}: {said}. Signing was not touched',
    advises: 'Resolvers ask any of these name servers. SES makes the names of the records only when it is told, so the others cannot have them in '
      + 'time. Take them out of the delegation: at the registrar or in the zone above, and in the NS records of {domain}',
    why: 'The same with Easy DKIM, when its key length changes.',
    testedBy: 'test/end-to-end/delegation.test.ts',
  },
  {
    place: 'public-dns',
    says: '{domain} signs mail now, and nobody could see whether its public name servers answer TXT {name}: the resolver gave no answer',
    advises: "See what DNS resolver the function's network has: in a VPC, whether DNS support is on, and what its DHCP options name. "
      + 'Then deploy again',
    why: 'The function asks its resolver where the name servers are.',
    testedBy: 'test/lambda/records/public-answer.test.ts',
  },
  {
    place: 'wait',
    says: 'SES gave up verifying DKIM of {domain}: status FAILED, last error {error}, last looked {time}. SES should find in public DNS: '
      + '{records}.',
    advises: 'Look whether the domain is delegated to the zone that has them',
    why: 'SES looks for up to 72 hours: [The status is FAILED](trouble.md#the-status-is-failed).',
    testedBy: 'test/end-to-end/waiting.test.ts',
  },
  {
    place: 'told',
    says: 'SES has made no DKIM tokens for {domain} yet',
    advises: 'Deploy again in a minute',
    why: 'The API of SES allows this answer, but nobody has seen it.',
    testedBy: 'test/end-to-end/ses-unknowns.test.ts',
  },
  {
    place: 'services',
    says: 'A call hung until the time was over',
    advises: 'Deploy again',
    why: "A call did not end, despite its time-outs. The function\'s log says which.",
    testedBy: 'test/lambda/deployment/on-event.test.ts',
  },
  {
    place: 'services',
    says: '{error}',
    advises: "This is a fault in cdk-ses-dkim. Deploy again; if it stays, report it with the function's log",
    why: 'An unexpected error.',
    testedBy: 'test/lambda/base/describe-error.test.ts',
  },
  {
    place: 'services',
    says: 'The request was too old to be carried out, and nothing was done',
    advises: 'Deploy again',
    why: 'Lambda kept the event until CloudFormation had stopped waiting. The message is in the log only.',
    testedBy: 'test/lambda/deployment/rollback.test.ts',
  },
];
