// Where the private key is: which secret, which version of it, which field.

export interface SecretSource {
  readonly arn: string;
  /** Without it the whole value is the key. */
  readonly jsonField?: string;
  readonly versionStage?: string;
  readonly versionId?: string;
}

/** As an error names it. */
export function describeSecret({ arn, versionId, versionStage, jsonField }: SecretSource): string {
  const parts = [
    versionId && `version ${versionId}`, versionStage && `stage ${versionStage}`, jsonField && `field '${jsonField}'`,
  ].filter(Boolean);
  return `The secret ${arn}${parts.length > 0 ? ` (${parts.join(', ')})` : ''}`;
}
