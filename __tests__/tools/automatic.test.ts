import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import type { VersionRequest } from '../../src/tools/client-tools.ts';
import { provideTools, toolsForServer } from '../../src/tools/provide-client-tools.ts';
import { writeFakeTools } from '../support/client-fakes.ts';
import { MACHINES } from '../support/client-machine.ts';
import type { Machine } from '../../src/tools/machine.ts';
import { clientBed } from '../support/client-bed.ts';

const bed = clientBed();

const NO_BREW = { ...MACHINES.mac.programs, brew: undefined };

/** A Mac without Homebrew, on which these versions are installed; no others can be installed. */
async function macWith(...majors: number[]): Promise<Machine> {
  const directories = majors.map((major) => join(bed.folders.base, `pg${major}`));
  for (const [index, major] of majors.entries())
    await writeFakeTools(directories[index] ?? '', `${major}.99`);
  return { ...MACHINES.mac, programs: NO_BREW, path: directories.join(':') };
}

function request(): VersionRequest {
  return { version: { kind: 'auto' }, workFolder: bed.folders.work, signal: new AbortController().signal };
}

describe('postgres-version: auto', () => {
  it.each([
    ['17 when it is installed', [16, 17, 18], 17],
    ['the newest of what is installed otherwise', [16, 18], 18],
  ])('starts with %s', async (_, installed, major) => {
    expect((await provideTools(request(), await macWith(...installed))).major).toBe(major);
  });

  it('does not use installed tools that are too old', async () => {
    await expect(provideTools(request(), await macWith(13, 15))).rejects.toThrow(
      /^PostgreSQL 17 client tools/,
    );
  });

  it('keeps its tools for a server that they can dump', async () => {
    const machine = await macWith(16, 17, 18);
    const tools = await provideTools(request(), machine);
    expect(await toolsForServer(request(), tools, 13, machine)).toBe(tools);
    expect(await toolsForServer(request(), tools, 17, machine)).toBe(tools);
  });

  it('installs the version of a newer server', async () => {
    const machine = await macWith(17, 18);
    const tools = await provideTools(request(), machine);
    expect((await toolsForServer(request(), tools, 18, machine)).major).toBe(18);
  });

  it('names the missing version if the tools for a newer server cannot be installed', async () => {
    const machine = await macWith(17);
    const tools = await provideTools(request(), machine);
    await expect(toolsForServer(request(), tools, 18, machine)).rejects.toThrow(
      /^PostgreSQL 18 client tools/,
    );
  });
});

describe('a fixed postgres-version', () => {
  it('stays the same for a newer server; the preflight reports that it is too old', async () => {
    const machine = await macWith(16, 18);
    const fixed: VersionRequest = { ...request(), version: { kind: 'major', major: 16 } };
    const tools = await provideTools(fixed, machine);
    expect(await toolsForServer(fixed, tools, 18, machine)).toBe(tools);
  });
});
