// Generates the .NET sources and checks the public names in them, without the .NET SDK.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './command';

/** Declarations that the code of users depends on, by source file. */
const DECLARATIONS: Readonly<Record<string, readonly string[]>> = {
  EmailIdentityDkim: [
    'class EmailIdentityDkim : Constructs.Construct',
    'EmailIdentityDkim(Constructs.Construct scope, string id, CdkSesDkim.IEmailIdentityDkimProps props)',
    'CdkSesDkim.IDkimRecord[] DkimRecords',
    'string DkimStatus',
    'string? SigningHostedZone',
    'string? Selector',
    'string? PublicKeySha256',
  ],
  EmailIdentityDkimProps: [
    'class EmailIdentityDkimProps : CdkSesDkim.IEmailIdentityDkimProps',
    'Amazon.CDK.Interfaces.SES.IEmailIdentityRef Identity',
    'CdkSesDkim.DkimSigning? Signing',
    'Amazon.CDK.Interfaces.Route53.IHostedZoneRef? HostedZone',
    'Amazon.CDK.Interfaces.IAM.IRoleRef? HostedZoneRole',
    'Amazon.CDK.Duration? RecordTtl',
    'CdkSesDkim.RecordConflict? RecordConflict',
    'Amazon.CDK.Duration? WaitForVerification',
    'string? Region',
    'Amazon.CDK.RemovalPolicy? RemovalPolicy',
  ],
  DkimSigning: [
    'abstract class DkimSigning',
    'static CdkSesDkim.DkimSigning EasyDkim(CdkSesDkim.IEasyDkimSigningOptions? options = null)',
    'static CdkSesDkim.DkimSigning ByoDkim(CdkSesDkim.IByoDkimSigningOptions options)',
    'static CdkSesDkim.DkimSigning DeterministicEasyDkim(CdkSesDkim.IDeterministicEasyDkimSigningOptions options)',
  ],
  EasyDkimSigningOptions: ['Amazon.CDK.AWS.SES.EasyDkimSigningKeyLength? KeyLength'],
  ByoDkimSigningOptions: ['string? Selector', 'CdkSesDkim.DkimPrivateKey PrivateKey', 'bool? FollowSecret', 'string? SelectorField'],
  DeterministicEasyDkimSigningOptions: ['string ParentRegion'],
  DkimPrivateKey: [
    'static CdkSesDkim.DkimPrivateKey FromSecret(Amazon.CDK.Interfaces.SecretsManager.ISecretRef secret, '
      + 'CdkSesDkim.IDkimPrivateKeySecretOptions? options = null)',
  ],
  DkimPrivateKeySecretOptions: ['string? JsonField', 'string? VersionStage', 'string? VersionId'],
  DkimRecord: [
    'class DkimRecord : CdkSesDkim.IDkimRecord',
    'string Name',
    'Amazon.CDK.AWS.Route53.RecordType Type',
    'string Value',
    'string Data',
  ],
  RecordConflict: ['enum RecordConflict', 'FAIL', 'OVERWRITE'],
};

/** @returns the missing declarations, with their files */
export function missingNames(root: string, workspace: string): string[] {
  const outdir = join(workspace, 'sources');
  run(`npx jsii-pacmak --target dotnet --code-only --outdir '${outdir}'`, root);
  return Object.entries(DECLARATIONS).flatMap(([name, declarations]) => {
    const file = `${name}.cs`;
    const lines = readFileSync(join(outdir, 'dotnet/CdkSesDkim/CdkSesDkim', file), 'utf8').split('\n')
      .map((line) => line.trim().replace(/^public (virtual )?/, ''));
    return declarations
      .filter(
        (declaration) =>
          !lines.some((line) => line.startsWith(declaration) && !/^\w/.test(line.slice(declaration.length))),
      )
      .map((declaration) => `${file}: ${declaration}`);
  });
}
