// The usual names of the signing methods.

/** @param origin `SigningAttributesOrigin` of SES, such as `AWS_SES_EU_WEST_1` */
export function signingMethod(origin: string | undefined): string {
  switch (origin) {
    case 'AWS_SES': return 'Easy DKIM';
    case 'EXTERNAL': return 'BYODKIM';
    default: return `DEED, replica of ${origin?.replace('AWS_SES_', '').toLowerCase().replaceAll('_', '-')}`;
  }
}
