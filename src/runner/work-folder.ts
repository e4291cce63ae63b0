import { closeSync, constants, openSync, writeSync } from 'node:fs';
import { mkdtemp, readFile, rm, rmdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { UserError, messageOf } from '../errors.ts';
import { saveState, savedState } from './command-files.ts';
import { log } from './log.ts';
import { endProcesses, processIdentity } from '../process/end-processes.ts';
import { recordChildren } from '../process/run.ts';

const PREFIX = 'postgres-backup-';
const STATE = 'work-folder';
const CHILDREN = 'children';
/** Refuses a symbolic link in place of the file. Windows has no such flag. */
const NO_LINK = constants.O_NOFOLLOW;
const READ = constants.O_RDONLY | NO_LINK;
const APPEND = constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND | NO_LINK;

/** The folder of a run: everything that the run writes is in it, only this user can read it, and it is removed with the run. */
export interface WorkFolder extends AsyncDisposable {
  readonly path: string;
  /** Removes it. Never throws: the post step tries again. */
  readonly [Symbol.asyncDispose]: () => Promise<void>;
}

/**
 * Creates the work folder (mode 0700) and records it for the cleanup before anything is written into it; from then on also
 * every program that is run, so that the cleanup can end it if this process is killed.
 *
 * @throws UserError when it cannot be created in RUNNER_TEMP, or cannot be recorded.
 */
export async function makeWorkFolder(temp: string): Promise<WorkFolder> {
  const folder = await mkdtemp(path.join(temp, PREFIX)).catch((error: unknown) => {
    throw new UserError(
      'runner',
      `RUNNER_TEMP: no folder can be created in ${temp}: ${messageOf(error)}`,
      'The runner sets RUNNER_TEMP: check that the folder exists, that the user of the runner can write to it, and that its disk is neither full nor read-only; and do not set it in "env:".',
      { cause: error },
    );
  });
  try {
    saveState(STATE, folder);
  } catch (error) {
    await rmdir(folder);
    throw error;
  }
  recordChildren((pid) => {
    // At once: this process may be killed in the next moment.
    try {
      appendLine(path.join(folder, CHILDREN), processIdentity(pid));
    } catch {
      // The child has ended, or the folder was removed: there is nothing to record.
    }
  });
  return {
    path: folder,
    async [Symbol.asyncDispose]() {
      try {
        await removeFolder(folder);
      } catch (error) {
        // Must not hide an earlier error; the post step tries again, and reports it if it cannot.
        log.info(`The work folder could not be removed yet: ${messageOf(error)}`);
      }
    },
  };
}

/**
 * Ends the programs and removes the folder of a run that could not do so itself. It uses only what the run recorded.
 *
 * @param temp returns the runner's folder for temporary files: nothing outside it is removed.
 * @throws UserError when it cannot be removed.
 */
export async function removeRecordedWorkFolder(temp: () => string): Promise<void> {
  const folder = savedState(STATE);
  if (folder === undefined) {
    log.info('Nothing to clean up: the job ended before it wrote anything');
    return;
  }
  if (path.dirname(folder) !== path.resolve(temp()) || !path.basename(folder).startsWith(PREFIX)) {
    throw new Error('The recorded work folder is not one of this action.');
  }
  if (!(await stat(folder).catch(() => undefined))) {
    log.info('Nothing to clean up: the job has removed its own files');
    return;
  }
  await endRecordedChildren(path.join(folder, CHILDREN));
  try {
    await removeFolder(folder);
  } catch (error) {
    throw new UserError(
      'runner',
      `The work folder ${folder} could not be removed: ${messageOf(error)}`,
      'It may contain a database in plaintext: delete it from the runner manually.',
      { cause: error },
    );
  }
  log.info('Cleaned up after an interrupted job');
}

async function removeFolder(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true, maxRetries: 3 });
}

function appendLine(file: string, line: string): void {
  const descriptor = openSync(file, APPEND, 0o600);
  try {
    writeSync(descriptor, `${line}\n`);
  } finally {
    closeSync(descriptor);
  }
}

/** Those that the run has recorded, one a line. */
async function endRecordedChildren(file: string): Promise<void> {
  const recorded = await readFile(file, { encoding: 'utf8', flag: READ }).catch(() => '');
  await endProcesses(recorded.split('\n'), (pid) => {
    log.info(`Ending process ${pid} of an interrupted job`);
  });
}
