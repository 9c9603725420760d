// What Route 53 refuses in the value of a record, in its words.
import { isIPv4, isIPv6 } from 'node:net';
import { CharacterStringError, parseCharacterStrings } from './dns/character-strings';
import { recordNameProblems } from './record-name';

/** Characters of one Value, quotes and spaces included. */
const MAX_TXT_VALUE = 4000;

/** Types whose value is a domain name. */
const NAME_TYPES = ['CNAME', 'NS', 'PTR'];

export function recordValueProblem(type: string, value: string): string | undefined {
  const problem = problemOf(type, value);
  if (problem) return `FATAL problem: ${problem} encountered with '${value}'`;
  return NAME_TYPES.includes(type) ? recordNameProblems(value)[0] : undefined;
}

function problemOf(type: string, value: string): string | undefined {
  switch (type) {
    case 'A': return isIPv4(value) ? undefined : 'ARRDATAIllegalIPv4Address (Value is not a valid IPv4 address)';
    case 'AAAA': return isIPv6(value) ? undefined : 'AAAARRDATAIllegalIPv6Address (Value is not a valid IPv6 address)';
    case 'CNAME':
    case 'NS':
    case 'PTR': return /^\S+$/.test(value) ? undefined : 'RRDATANotSingleField (Value contains spaces)';
    case 'TXT':
    case 'SPF': return txtProblem(value);
    default: return undefined;
  }
}

function txtProblem(value: string): string | undefined {
  if (value.length > MAX_TXT_VALUE) return 'TXTRDATATooLong (Value is too long)';
  try {
    parseCharacterStrings(value);
    return undefined;
  } catch (error) {
    if (error instanceof CharacterStringError) return `${error.problem} (${error.message})`;
    throw error;
  }
}
