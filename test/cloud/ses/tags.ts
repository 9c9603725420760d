// The tags of an identity, and which ones SES takes: no @, unlike other services.
// https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_Tag.html
import { badRequest } from './errors';
import { Tag, TagRules } from '../tags';

export type { Tag } from '../tags';

const RULES = new TagRules(badRequest, {
  KEY: /^[\p{L}\p{N}\s_.:/=+-]{1,128}$/u, VALUE: /^[\p{L}\p{N}\s_.:/=+-]{0,256}$/u,
});

export function withTags(tags: readonly Tag[], added: readonly Tag[]): readonly Tag[] {
  return RULES.with(tags, added);
}

export function withoutTags(tags: readonly Tag[], keys: readonly string[]): readonly Tag[] {
  return RULES.without(tags, keys);
}
