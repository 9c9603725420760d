// Amazon SES v2 of the local cloud, for those outside its folder.
export type { IdentityState } from './identity';
export type { NewIdentity, SesOptions } from './service';
export { Ses } from './service';
export type { Tag } from './tags';
