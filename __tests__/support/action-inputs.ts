import { resolve } from 'node:path';
import { jest } from '@jest/globals';
import { REPOSITORY_ROOT } from './node-program.ts';
import { inputValues, readActionMetadata } from './runner-action-metadata.ts';

const CONTEXTS = { github: { token: 'ghs_of_the_job' } };

/**
 * Sets the inputs of an action as the runner does for the time of `work`: those that are given, and the defaults of its
 * `action.yml`. No connection string comes from elsewhere.
 *
 * @param folder the folder of `action.yml`, from the root of the repository.
 */
export async function withInputs<T>(
  folder: string,
  given: Readonly<Record<string, string>>,
  work: () => Promise<T>,
): Promise<T> {
  const metadata = await readActionMetadata(resolve(REPOSITORY_ROOT, folder));
  const inputs = Object.entries(inputValues(metadata, given, CONTEXTS));
  const variables = inputs.map(
    ([name, value]) => [`INPUT_${name.replaceAll(' ', '_').toUpperCase()}`, value] as const,
  );
  const others = Object.entries(process.env).filter(([name]) => name !== 'DATABASE_URL');
  const replaced = jest.replaceProperty(process, 'env', Object.fromEntries([...others, ...variables]));
  try {
    return await work();
  } finally {
    replaced.restore();
  }
}
