// Amazon SES v2 of the local cloud.
export * from './service';
