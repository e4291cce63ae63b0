import { UserError } from '../../src/errors.ts';

/** The UserError that `work` throws, as one text: what a reader of the annotation sees. */
export function errorText(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof UserError) return `${error.message}\n${error.hint}`;
    throw error;
  }
  throw new Error('expected a UserError, and nothing was thrown');
}
