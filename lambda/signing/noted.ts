// Writes a note (tag) on the identity. If that fails, the request goes on: what the note is about is done already.
import { textOf } from '../base/describe-error';
import { HandlerError } from '../base/errors';
import { Services } from '../base/ports';

/** False when SES refuses the note: the identity is gone, or tags are forbidden. That keeps no request from its end. */
export async function noted(write: Promise<void>, { log }: Services): Promise<boolean> {
  return write.then(() => true, (error: unknown) => {
    if (error instanceof HandlerError) throw error; // no time, or no right to write any more
    log('signing-tag-refused', { message: textOf(error) });
    return false;
  });
}
