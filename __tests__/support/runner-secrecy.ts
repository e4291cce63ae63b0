import { percentEncoded } from './masking.ts';

/** A secret seen where nobody should see it. */
export interface Leak {
  /** Which place: `log`, `annotation`, `summary`, `output x`, `command line of 123`, … */
  readonly where: string;
  /** Which of the secrets that were given, counted from 0, and in which form. */
  readonly secret: number;
  readonly form: string;
  /** The text around it, the secret itself left out. */
  readonly context: string;
}

/** Looks for secrets. */
export interface SecrecyWatch {
  /** Looks through a text and notes what it finds. */
  look(where: string, text: string): void;
  /** What has been found, each thing once. */
  readonly leaks: readonly Leak[];
}

interface Needle {
  readonly secret: number;
  readonly form: string;
  readonly text: string;
}

/** Shorter than this, a secret would be found by chance. */
const SHORTEST = 4;
const CONTEXT = 40;

/**
 * Watches for secrets, as they are, percent-decoded and percent-encoded; of a URL also for the password alone.
 *
 * @throws Error when a secret is too short to be looked for.
 */
export function watchSecrecy(secrets: readonly string[]): SecrecyWatch {
  const needles = secrets.flatMap((secret, index) => {
    if (secret.length < SHORTEST) throw new Error(`Secret ${index} is too short to be looked for.`);
    return forms(secret).map(([form, text]) => ({ secret: index, form, text }));
  });
  const found = new Map<string, Leak>();
  return {
    look(where, text) {
      for (const needle of needles) {
        const at = text.indexOf(needle.text);
        const key = `${where}/${needle.secret}`;
        if (at >= 0 && !found.has(key)) found.set(key, describe(where, text, at, needle, needles));
      }
    },
    get leaks() {
      return [...found.values()];
    },
  };
}

/** A sentence about each leak, for the error that fails a test. */
export function tellLeaks(leaks: readonly Leak[]): string {
  return leaks
    .map(({ where, secret, form, context }) => `Secret ${secret} (${form}) was seen in: ${where}: ${context}`)
    .join('\n');
}

function forms(secret: string): (readonly [form: string, text: string])[] {
  const password = /^[a-z][a-z0-9+.-]*:\/\/[^:/@]*:(.*)@/i.exec(secret)?.[1];
  const all = [
    ['as it is', secret],
    ['percent-decoded', percentDecoded(secret)],
    ['percent-encoded', percentEncoded(secret)],
    ...(password === undefined
      ? []
      : forms(password).map(([form, text]) => [`password, ${form}`, text] as const)),
  ] as const;
  return all.filter(
    ([, text], index) => text.length >= SHORTEST && all.findIndex((other) => other[1] === text) === index,
  );
}

function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function describe(where: string, text: string, at: number, needle: Needle, all: readonly Needle[]): Leak {
  const hide = (part: string): string =>
    all.reduce((hidden, other) => hidden.replaceAll(other.text, '‹secret›'), part).replaceAll(/\s+/g, ' ');
  const before = hide(text.slice(0, at)).slice(-CONTEXT);
  const after = hide(text.slice(at + needle.text.length)).slice(0, CONTEXT);
  return { where, secret: needle.secret, form: needle.form, context: `${before}‹secret›${after}` };
}
