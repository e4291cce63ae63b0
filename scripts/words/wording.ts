// Phrases that a reader stumbles over, and what to say instead: pure. One term for one thing.

/** A phrase to avoid. */
interface Avoided {
  readonly phrase: RegExp;
  readonly instead: string;
}

/** An avoided phrase in a text. */
export interface WordFault {
  /** From 1. */
  readonly line: number;
  readonly found: string;
  readonly instead: string;
}

const TERMS: readonly Avoided[] = [
  { phrase: /(?<![a-z])[Pp]rov(?:e|es|en|ing)(?![a-z])/g, instead: 'verify, verified' },
  { phrase: /(?<![a-z])[Pp]roofs?(?![a-z])/g, instead: 'verification' },
  { phrase: /(?<!_)[Rr]ehears\w*/g, instead: 'test restore' },
  {
    phrase: /\b(?:bring|brings|bringing|brought)\b[^.|\n]{0,40}\bback\b|\bways? back\b/gi,
    instead: 'restore',
  },
  { phrase: /\b(?:sidecar|manifest file)s?\b/gi, instead: 'record' },
  { phrase: /\bkept (?:place|file|copy)\b/gi, instead: 'local copy' },
  {
    phrase: /\bearlier (?:ones|backups?)\b|\b(?:than|as|from) the last(?: one\b|[.,;:)]|$)/gim,
    instead: 'previous backup',
  },
  { phrase: /\b(?:is|are|was|be|stays?|turns?|turned|goes|went) red\b/gi, instead: 'fails, failed' },
  { phrase: /\bred (?:step|run|check|remark)s?\b/gi, instead: 'failed …, or a warning' },
  { phrase: /\bin words\b/gi, instead: 'with a clear error' },
  { phrase: /\bdisturbed\b/gi, instead: 'has an outage, is unavailable' },
  {
    phrase: /\bholds\b(?! (?:(?:a|an|the|this|that) )?(?:\w+ )?locks?\b)/gi,
    instead: 'contains',
  },
  { phrase: /\bat hand\b/gi, instead: 'available' },
  { phrase: /\bthat (?:has|have) not expired\b/gi, instead: 'unexpired' },
  { phrase: /\bremarks? upon\b|\bremarked upon\b/gi, instead: 'warn about' },
  { phrase: /\bvouch(?:es|ed)? for\b/gi, instead: 'verifies, is signed by, is responsible for' },
  { phrase: /\bthin(?:s|ned|ning)?\b[^.|\n]{0,30}\bout\b/gi, instead: 'delete old backups' },
];

const PHRASES: readonly Avoided[] = [
  { phrase: /\bbe had\b/gi, instead: 'be downloaded, be installed' },
  { phrase: /\b(?:said that it succeeded|all is well)\b/gi, instead: 'exited with 0, succeeded' },
  { phrase: /\bin a way that it does not know\b/gi, instead: 'unexpected error' },
  { phrase: /\b(?:has|have) got nothing\b/gi, instead: 'has received no data' },
  { phrase: /\bha(?:s|ve) not the\b|\bmissing rights?\b/gi, instead: 'lacks a privilege' },
  { phrase: /\b(?:nobody|no one) whom\b/gi, instead: 'not signed by a trusted CA' },
  { phrase: /\bby somebody else\b|\bsomebody holds\b/gi, instead: 'by another session, by another process' },
  { phrase: /\bit must not be used\b/gi, instead: 'do not restore from it' },
  { phrase: /\bfalls apart\b/gi, instead: 'cannot be parsed' },
  { phrase: /\binterrupted job had left\b/gi, instead: 'cleaned up after an interrupted job' },
  { phrase: /\bpoured into\b/gi, instead: 'appended to' },
  { phrase: /\bis none of\b/gi, instead: 'must be' },
  { phrase: /\b(?:newest|over) so many\b/gi, instead: 'number of …' },
  { phrase: /\bappears nowhere\b/gi, instead: 'is not shown anywhere' },
  { phrase: /\bsetting the stage\b/gi, instead: 'preparing' },
  { phrase: /\bwhat (?:came|comes|becomes|became) of\b/gi, instead: 'the result of' },
  { phrase: /\b(?:has|have) (?:its|their) rows again\b/gi, instead: 'is restored' },
  { phrase: /\bonly who\b/gi, instead: 'only someone who, only someone with' },
  { phrase: /\bwhat the backup does not know\b/gi, instead: 'objects that are not in the backup' },
  { phrase: /\bwithout a word\b/gi, instead: 'without an error' },
  { phrase: /\b(?:go|goes|went|fall|falls|fell) silent\b/gi, instead: 'stops responding' },
  { phrase: /\bfor ever\b/gi, instead: 'every time, permanently' },
  { phrase: /\bslip of the hand\b/gi, instead: 'mistake' },
];

/** The phrases to avoid that a text contains, in the order of its lines. */
export function wordFaults(text: string): WordFault[] {
  return text.split('\n').flatMap((line, index) =>
    [...TERMS, ...PHRASES].flatMap(({ phrase, instead }) =>
      [...withoutQuotedError(line).matchAll(phrase)].map(([found]) => ({
        line: index + 1,
        found,
        instead,
      })),
    ),
  );
}

/** The first cell of a row that explains an error is a quotation: the error is checked where it is written. */
function withoutQuotedError(line: string): string {
  return line.replace(/^\| `[^`]+` \|/, '');
}
