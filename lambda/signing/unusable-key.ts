// Why a text is no key that SES can use.

/** Says what the text is, and what to do. It never quotes the text. */
export class UnusableKeyError extends Error {}
