// AWS Secrets Manager of the local cloud.
export type { SecretValue } from './secret-versions';
export { SecretsManager } from './service';
