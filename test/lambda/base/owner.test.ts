// Tests of the owner's label: it never changes, differs between owners, and tells nothing of them.
import { isRegistryLabel, ownerOf } from '../../../lambda/base/owner';

const MAIL = {
  stackId: 'arn:aws:cloudformation:us-east-1:111111111111:stack/Mail/0a1b2c3d',
  logicalId: 'Dkim1234',
  region: 'us-east-1',
  domain: 'example.com',
};
const ownerOfMail = (other: Partial<typeof MAIL> = {}) => {
  const { stackId, logicalId, ...identity } = { ...MAIL, ...other };
  return ownerOf(stackId, logicalId, identity);
};
const DIGEST = '0123456789abcdef0123456789abcdef';

test('the label is always the same for the same owner', () => {
  expect(ownerOfMail()).toEqual({
    domain: 'example.com', label: 'cdk-ses-dkim-bfee8cbdeb330d493d284b2a646411c3', region: 'us-east-1',
  });
});

test('labels differ between owners and tell nothing of them', () => {
  const labels = [
    ownerOfMail(), ownerOfMail({ region: 'eu-west-1' }), ownerOfMail({ logicalId: 'Dkim5678' }),
    ownerOfMail({ stackId: `${MAIL.stackId}e` }), ownerOfMail({ domain: 'example.org' }),
  ].map(({ label }) => label);
  expect(new Set(labels).size).toBe(5);
  for (const label of labels) {
    expect(isRegistryLabel(label)).toBe(true);
    expect(label).not.toMatch(/111111111111|mail|dkim1234|example/i);
  }
});

test.each([
  'sel', 'cdk-ses-dkim-', `cdk-ses-dkim-${DIGEST}0`, `x-cdk-ses-dkim-${DIGEST}`, `cdk-ses-dkim-${DIGEST.toUpperCase()}`,
])(
  '%s is no label of an owner', (other) => {
    expect(isRegistryLabel(other)).toBe(false);
  });
