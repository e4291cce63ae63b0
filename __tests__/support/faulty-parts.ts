import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { fastClock } from './fast-clock.ts';

/** How a part of the machine is faulty. */
export interface Faulty {
  /** The disk, for new files whose path matches; or the processor, for the encryption. */
  readonly part: { readonly file: RegExp } | 'cipher';
  /** It reports a failure, never answers, or does something else than it was told and says nothing. */
  readonly how: 'fails' | 'stalls' | 'lies';
  /** After so many bytes of a file, or chunks that are encrypted; or at the end. */
  readonly at: number | 'end';
}

/**
 * The environment in which a Node program has a faulty disk or processor (`faulty-parts-preload.ts`), and a fast clock. It stands
 * in for hardware that a test cannot break.
 */
export function faultyParts({ part, how, at }: Faulty): Readonly<Record<string, string>> {
  const preload = pathToFileURL(join(import.meta.dirname, 'faulty-parts-preload.ts'));
  return {
    NODE_OPTIONS: `${fastClock().NODE_OPTIONS} --import ${preload.href}`,
    ...(part === 'cipher' ? { FAULTY_CIPHER: 'true' } : { FAULTY_FILE: part.file.source }),
    FAULTY_HOW: how,
    FAULTY_AT: String(at),
  };
}
