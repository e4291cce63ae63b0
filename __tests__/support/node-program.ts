import { fileURLToPath } from 'node:url';

/** The folder of the repository. */
export const REPOSITORY_ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** The runner's Node version: our own when it is that one, else the one among the development dependencies. */
export function nodeProgram(): string {
  const ours = process.versions.node.startsWith('24.');
  return ours
    ? process.execPath
    : fileURLToPath(new URL('../../node_modules/node/bin/node', import.meta.url));
}
