import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { parse } from 'dotenv';
import { UserError, errorCode, messageOf } from '../errors.ts';
import { readWorkflowEvent } from '../github/workflow-event.ts';
import { aboutSpelling } from '../runner/inputs/spelling.ts';

/** A connection string as given, and where it was found. */
export interface ConnectionSource {
  readonly value: string;
  readonly from: string;
}

/** The places for a connection string, in the order in which they are searched. */
export interface ConnectionPlaces {
  /** The name of the input, for the messages. */
  readonly input: string;
  readonly inputValue: string;
  /** `DATABASE_URL` of the environment. */
  readonly environmentValue: string | undefined;
  /** The folder whose `.env` file is read last. */
  readonly workspace: string;
}

/**
 * Finds the connection string: the input, else `DATABASE_URL` in the environment, else in the workspace's `.env`
 * file (the order of the Prisma tools: an explicit variable wins over the file).
 *
 * @param env the environment of the process: its event may explain an empty input.
 * @throws UserError when there is none.
 */
export async function findConnectionString(
  places: ConnectionPlaces,
  env: NodeJS.ProcessEnv = process.env,
): Promise<ConnectionSource> {
  if (!isBlank(places.inputValue)) return { value: places.inputValue, from: `the ${places.input} input` };
  if (!isBlank(places.environmentValue))
    return { value: places.environmentValue, from: 'DATABASE_URL in the environment' };
  const fromFile = await databaseUrlOfEnvFile(path.join(places.workspace, '.env'));
  if (!isBlank(fromFile)) return { value: fromFile, from: 'DATABASE_URL in the .env file of the workspace' };
  throw notFound(places.input, (await readWorkflowEvent(env)).withoutSecrets, env);
}

function notFound(input: string, withoutSecrets: string | undefined, env: NodeJS.ProcessEnv): UserError {
  if (withoutSecrets !== undefined) {
    return new UserError(
      'invalid-input',
      `${input} is empty: ${withoutSecrets}.`,
      'A workflow that others can change must not see the database. Leave the step out of such runs: ' +
        '"if: ${{ !github.event.pull_request.head.repo.fork && github.actor != \'dependabot[bot]\' }}".',
    );
  }
  return new UserError(
    'invalid-input',
    `${input} is empty, and there is no DATABASE_URL in the environment or in a .env file of the workspace.`,
    `Set "${input}: \${{ secrets.DATABASE_URL }}" and add that secret to the repository. ` +
      'An empty value usually means that no secret of that name exists, or that the run comes from a fork or from Dependabot, which get no secrets. ' +
      aboutSpelling(input, env, isConnectionString),
  );
}

/** The test restore has a connection string of its own. */
function isConnectionString(name: string, value: string): boolean {
  return name !== 'verify-connection-string' && /postgres(?:ql)?(?:\+\w+)?:\/\//i.test(value);
}

function isBlank(value: string | undefined): value is undefined | '' {
  return value === undefined || value.trim() === '';
}

async function databaseUrlOfEnvFile(file: string): Promise<string | undefined> {
  try {
    return parse(await readFile(file, 'utf8'))['DATABASE_URL'];
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw new UserError(
      'invalid-input',
      `The .env file of the workspace cannot be read: ${messageOf(error)}`,
      'Make it readable, remove it, or give the connection string as an input.',
      { cause: error },
    );
  }
}
