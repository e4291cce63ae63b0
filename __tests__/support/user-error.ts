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

/** The UserError with which `work` rejects. */
export async function userErrorOf(work: Promise<unknown>): Promise<UserError> {
  const error: unknown = await work.then(
    () => new Error('expected a UserError, and nothing was thrown'),
    (reason: unknown) => reason,
  );
  if (error instanceof UserError) return error;
  throw error;
}
