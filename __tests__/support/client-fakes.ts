import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TOOL_NAMES } from './client-tools.ts';

/** Writes programs that answer `--version` as PostgreSQL's do, and nothing else. */
export async function writeFakeTools(folder: string, version: string, suffix = ''): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const name of TOOL_NAMES) {
    const text = `#!/bin/sh\necho "${name} (PostgreSQL) ${version}"\n`;
    await writeFile(join(folder, name + suffix), text, { mode: 0o755 });
  }
}
