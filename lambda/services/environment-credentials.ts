// Stands in the bundle for the SDK's chain of credential providers: a Lambda function has its credentials in the environment, always, so
// the providers for profiles, SSO, containers and instances would be dead weight at every start. See docs/adr/0005-bundle.md.
import { fromEnv } from '@aws-sdk/credential-provider-env';

export const defaultProvider = fromEnv;
