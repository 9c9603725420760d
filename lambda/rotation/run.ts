// One run of the function, and what surrounds it.
import { Log } from '../base/log';
import { ServicesFor, Surroundings } from '../base/ports';
import { Redactor } from '../base/redaction';

/** What surrounds the function, and the services that it calls. */
export interface Environment extends Surroundings {
  readonly services: ServicesFor;
  readonly functionArn: string;
}

export interface Run extends Environment {
  readonly log: Log;
  readonly redactor: Redactor;
  /** Until when calls may begin, in ms since 1970. */
  readonly end: number;
}
