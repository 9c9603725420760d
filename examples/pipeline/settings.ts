// The settings to replace with your own.
export const MAIL_ACCOUNT = '111111111111';
/** The account that has the hosted zone. */
export const DNS_ACCOUNT = '222222222222';

export const PRIMARY_REGION = 'us-east-1';
export const REPLICA_REGION = 'eu-west-1';

export const DOMAIN = 'example.com';
export const HOSTED_ZONE_ID = 'Z0EXAMPLE';

/** Both accounts know the name of the role, so neither deployment needs the outputs of the other. */
export const DNS_ROLE_NAME = 'dkim-records-of-example.com';
export const DNS_ROLE_ARN = `arn:aws:iam::${DNS_ACCOUNT}:role/${DNS_ROLE_NAME}`;

export const REPOSITORY = { name: 'my-org/my-mail', branch: 'main' };
/** https://docs.aws.amazon.com/codepipeline/latest/userguide/connections-github.html */
const CONNECTION_ID = '00000000-0000-0000-0000-000000000000';
export const CONNECTION_ARN =
  `arn:aws:codeconnections:${PRIMARY_REGION}:${MAIL_ACCOUNT}:connection/${CONNECTION_ID}`;
