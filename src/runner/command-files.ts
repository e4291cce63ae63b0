import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import * as core from '@actions/core';
import { UserError, messageOf } from '../errors.ts';
import { log } from './log.ts';

/** The file must exist, as for `@actions/core`. */
const APPEND = constants.O_WRONLY | constants.O_APPEND;

/** A file without which a job cannot do its work: by one post learns what to clean up, by the other later steps what was made. */
export type NeededFile = 'GITHUB_STATE' | 'GITHUB_OUTPUT';

/**
 * Makes sure, before any work, that one of the runner's command files can be written: a byte is written and taken back,
 * because a full disk lets a file be opened. Nothing stays, since no text says nothing to every runner: GitHub's skips an
 * empty line (actions/runner, `FileCommandManager.cs`); act, and the runners of Gitea and Forgejo with its parser, stop
 * at it (nektos/act, `parse_env_file.go`).
 *
 * @param env the environment of the process. A runner that does not name the file reads standard output instead.
 * @throws UserError naming the variable.
 */
export async function requireCommandFile(variable: NeededFile, env: NodeJS.ProcessEnv): Promise<void> {
  const path = env[variable];
  if (!path) return;
  try {
    const file = await open(path, APPEND);
    try {
      const before = await file.stat();
      await file.write('\n');
      if (before.isFile()) await file.truncate(before.size);
    } finally {
      await file.close();
    }
  } catch (error) {
    throw unwritable(variable, error);
  }
}

/** @throws UserError when the runner's file for outputs cannot be written. */
export function setOutput(name: string, value: string): void {
  orExplain('GITHUB_OUTPUT', () => {
    core.setOutput(name, value);
  });
}

/** @throws UserError when the runner's file for the state cannot be written. */
export function saveState(name: string, value: string): void {
  orExplain('GITHUB_STATE', () => {
    core.saveState(name, value);
  });
}

/** Saves state that the post step can do without: a failure is only logged. */
export function noteState(name: string, value: string): void {
  try {
    saveState(name, value);
  } catch (error) {
    log.debug(messageOf(error));
  }
}

/** What the main step saved last under this name; undefined when it saved nothing or an empty value. */
export function savedState(name: string): string | undefined {
  return core.getState(name) || undefined;
}

/** @throws UserError when the runner's file for PATH cannot be written. */
export function addPath(folder: string): void {
  orExplain('GITHUB_PATH', () => {
    core.addPath(folder);
  });
}

function orExplain(variable: string, write: () => void): void {
  try {
    write();
  } catch (error) {
    throw unwritable(variable, error);
  }
}

function unwritable(variable: string, error: unknown): UserError {
  return new UserError(
    'runner',
    `${variable}: the file that the runner reads from this step cannot be written: ${messageOf(error)}`,
    `Check that the disk of the runner has room, that no earlier step has changed the files in RUNNER_TEMP, and that ${variable} is not set in "env:".`,
    { cause: error },
  );
}
