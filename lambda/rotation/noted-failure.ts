// A label of the secret that says since when its hourly care fails.
import { FAILS_SINCE, KeyStoreState, labelOf, Services } from '../base/ports';

/** Notes since when the care fails, and that it no longer does. */
export async function noteFailure(
  secretArn: string, { keyStore, retry }: Services, state: KeyStoreState, isFailing: boolean,
): Promise<void> {
  const { AWSCURRENT } = state.versions;
  const noted = labelOf(FAILS_SINCE, state);
  if (AWSCURRENT === undefined || isFailing === (noted !== undefined)) return;
  const { moveLabel } = keyStore(secretArn);
  if (noted) await moveLabel(noted, state.versions[noted]);
  else await moveLabel(`${FAILS_SINCE}${new Date(retry.now()).toISOString()}`, undefined, AWSCURRENT);
}
