// An error that a service of the local cloud answers with.
export class ServiceError extends Error {
  constructor(
    /** The error's name on the wire, such as `NotFoundException`. */
    readonly code: string,
    /** The HTTP status. */
    readonly status: number,
    message: string,
  ) {
    super(message);
    this.name = code;
  }
}
