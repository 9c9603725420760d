// Words that readers whose second language is English find hard, with plain ones in their place. `npx projen prose`
// finds them in the docs.

/** A phrase as a regular expression, and what to write instead. */
const INSTEAD: Readonly<Record<string, string>> = {
  // Idioms
  'will do(?=[.:;,])': 'say what works: "can be", "is enough"',
  'will not do': '"does not work"',
  'the world asks': '"the public name servers"',
  'not nothing': 'say what it is',
  '(?:left|left there) in the end': '"stays", "is not deleted"',
  'has its way': 'say what happens',
  'all the same': '"in any case", "also then"',
  'as ever|as it may': '"as before"',
  'sooner or later|now and then|by and by': 'say when',
  'go on(?:e)? with': '"continue with"',
  'nobody is there to': 'say what is missing',
  'in your house|of the house': '"your company"',
  'or so(?=[.,;:])': '"about"',
  'comes? of it': '"the result"',
  // Words of books
  'anew': '"again"',
  'hence|thus|thereby|whereby|whereupon|hitherto|henceforth': '"so"',
  'lest': '"so that … not"',
  'albeit|notwithstanding': '"although"',
  'whilst': '"while"',
  'amongst': '"among"',
  'save for': '"except"',
  'shall': '"must", "will"',
  'may well': '"can"',
  // Longer than they need to be
  'in order to': '"to"',
  'due to the fact that': '"because"',
  'in the event that': '"if"',
  'prior to': '"before"',
  'subsequent to': '"after"',
  'utili[sz]e[sd]?': '"use"',
  'a number of(?! days)': '"several"',
  'with regard to|with respect to': '"about", "for"',
  'at this point in time': '"now"',
};

export const HARD_TO_READ = Object.entries(INSTEAD).map(([phrase, instead]) => ({
  pattern: `/\\b(?:${phrase})(?!\\w)/i`,
  message: `Hard to read. Write ${instead}`,
}));
