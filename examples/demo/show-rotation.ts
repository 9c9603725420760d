// The life of a rotating key: changed, its old record retired, taken back when SES does not verify it, and revoked.
import { recordSets, Zone } from './account';
import { expectThat } from './expectation';
import { send, showDistrust, showVerdicts } from './mail';
import { print, printHeading, printText } from './print';
import { printRecords } from './records';
import { RotatingKey } from './rotating-key';
import type { LocalCloud } from '../../test/cloud';

const DAY = 24 * 3_600_000;

export async function showRotation(cloud: LocalCloud, key: RotatingKey, zone: Zone): Promise<void> {
  const sent = async (description: string) => ({ ...await send(cloud, zone.domain, [key.selector]), description });

  printHeading(`8. Secrets Manager changes the key of ${zone.domain}, as it does twice a year`);
  const first = key.selector;
  const messages = [await sent('sent before')];
  await key.rotate(async () => {
    await cloud.clock.pass(cloud.ses.settings.firstLook);
    messages.push(await sent('sent during it'));
  });
  messages.push(await sent('sent after it'));
  print();
  printRecords(cloud, [zone]);
  print();
  await showVerdicts(cloud, messages);

  printHeading('9. Three weeks later: no mail needs the old record, and it was retired');
  await key.pass(21 * DAY);
  print();
  printRecords(cloud, [zone]);
  const old = recordSets(cloud, zone.id).filter(({ Name }) => Name!.startsWith(`${first}.`));
  expectThat(`the record of ${first} was retired`, old.length === 0, old);

  printHeading('10. A change of key that SES does not verify in an hour: it is taken back');
  await key.rotateInVain();
  printText('For that hour this SES has signed nothing, which is the worst case: AWS does not say what it does.');
  print();
  await showVerdicts(cloud, [await sent('sent now')]);

  printHeading('11. The key has leaked: change it, then revoke the old one');
  const leaked = key.selector;
  const forged = await sent('by the leaked key');
  const refusal = await key.revoke(leaked);
  printText(`Refused: ${refusal}`);
  print();
  expectThat('a key in use is not revoked', refusal !== undefined, refusal);
  await key.rotate();
  print();
  const reason = await key.revoke(leaked);
  expectThat('the leaked key is revoked', reason === undefined, reason);
  print();
  await showVerdicts(cloud, [await sent('sent now')]);
  await showDistrust(cloud, forged);
}
