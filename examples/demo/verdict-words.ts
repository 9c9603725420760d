// The words in the demo's output that tell good from bad. They have a colour in a terminal, and in the recording.
export const GOOD = /\bdkim=pass\b|\bSUCCESS\b|\b(?:CREATE|UPDATE|DELETE)_COMPLETE\b/g;
export const BAD = /\bdkim=(?!pass)\w+\b|\b\w+_FAILED\b|\b\w*ROLLBACK_COMPLETE\b|\bFAILED\b|\bRefused\b/g;
