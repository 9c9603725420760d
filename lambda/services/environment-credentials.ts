// Stands in the bundle for the SDK's chain of credential providers. A Lambda function always has its credentials in the
// environment. The providers for profiles, SSO, containers and instances would only make its start slower.
// See docs/adr/0005-bundle.md.
import { fromEnv } from '@aws-sdk/credential-provider-env';

export const defaultProvider = fromEnv;
