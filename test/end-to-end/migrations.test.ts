// Mail while a domain comes to a rotating key, changes it, and leaves it: a part of `npx projen migrations`.
import { DOMAIN } from './scene';
import { Change, CHANGES } from '../../scripts/migrations/changes';
import { measure } from '../../scripts/migrations/measure';

const FIRST_LOOK = 120_000;

function changeTo(from: RegExp, to: RegExp): Change {
  return CHANGES.find((each) => from.test(each.from) && to.test(each.to))!;
}

test.each([
  changeTo(/ses\.EmailIdentity/, /^rotating key$/),
  changeTo(/^rotating key$/, /^its next key$/),
  changeTo(/^rotating key$/, /Easy DKIM, rolled back/),
])('from $from to $to: mail is unsigned while SES has not looked, and otherwise verified', async (change) => {
  const { failures, messages, unsigned, unverifiable, unverifiableADayLater, longestUnsigned } =
    await measure(change, FIRST_LOOK);
  expect(failures).toEqual([]);
  expect({ unverifiable, unverifiableADayLater }).toEqual({ unverifiable: 0, unverifiableADayLater: 0 });
  expect(messages).toBeGreaterThan(15);
  expect(unsigned).toBeGreaterThan(0);
  expect(longestUnsigned).toBeGreaterThan(FIRST_LOOK / 2);
});

test('what must not be is seen: a record that goes while its key signs', async () => {
  const change: Change = {
    ...changeTo(/^rotating key$/, /^its next key$/),
    change: async ({ scene, selector, clock }) => {
      const name = `${selector}._domainkey.${DOMAIN}`;
      const record = scene.cloud.route53.recordSets(scene.zoneId).find(({ Name }) => Name === `${name}.`)!;
      scene.erase(name);
      await clock.until('SES to miss it', () => scene.identity()?.status !== 'SUCCESS');
      await clock.pass(5 * 60_000);
      scene.cloud.route53.change(scene.zoneId, [{ Action: 'CREATE', ResourceRecordSet: record }]);
    },
  };
  const { failures } = await measure(change, FIRST_LOOK);
  expect(failures).toContainEqual(expect.stringMatching(/^the message of \S+ could not be verified$/));
  expect(failures).toContainEqual(expect.stringMatching(/^the message of \S+ was not signed, outside of SES's own delay$/));
});
