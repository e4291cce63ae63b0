import { existsSync } from 'node:fs';
import { mkdir, readFile, readdir, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { cacheTools, cachedTools } from '../../src/tools/tool-cache.ts';
import { writeLaunchers } from '../../src/tools/tool-tree.ts';
import { writeFakeTools } from '../support/client-fakes.ts';
import { describedMachine } from '../support/client-machine.ts';
import { clientBed } from '../support/client-bed.ts';

const MACHINE = describedMachine();

const bed = clientBed();

/** Unpacked tools, as an installation leaves them; `mark` tells one tree from another. */
async function tree(version: string, mark: string): Promise<string> {
  const root = join(bed.folders.work, mark);
  await writeFakeTools(join(root, 'usr/lib/postgresql/17/bin'), version);
  await writeLaunchers(root, 'linux', 17);
  await writeFile(join(root, 'mark'), mark);
  return root;
}

const base = (): string => join(bed.folders.toolCache, 'postgresql-client');
const place = (version = '17.9'): string => join(base(), `${version}.0`, 'x64-bookworm');

function put(root: string, version = '17.9'): ReturnType<typeof cacheTools> {
  return cacheTools(root, version, MACHINE, 17);
}

async function markIn(folder: string): Promise<string> {
  return readFile(join(folder, 'mark'), 'utf8');
}

/** What is in the tool's folder of the cache beside the versions. */
async function leftovers(): Promise<string[]> {
  return (await readdir(base())).filter((name) => !/^\d/.test(name));
}

describe('the tool cache', () => {
  it('stores tools so that the next run finds them, and nothing else', async () => {
    const tools = await put(await tree('17.9', 'mine'));
    expect(tools?.directory).toBe(join(place(), 'usr/lib/postgresql/17/bin'));
    expect(await cachedTools(MACHINE, 17)).toEqual({ ...tools, origin: 'tool cache' });
    expect(await leftovers()).toEqual([]);
    expect(await readdir(bed.folders.work)).toEqual([]);
  });

  it('returns the newest minor version', async () => {
    await put(await tree('17.9', 'older'), '17.9');
    await put(await tree('17.11', 'newer'), '17.11');
    expect((await cachedTools(MACHINE, 17))?.version).toBe('17.11');
  });

  it('keeps the tools that another job stored first, because they may be in use', async () => {
    await put(await tree('17.9', 'first'));
    const tools = await put(await tree('17.9', 'second'));
    expect(tools?.directory.startsWith(place())).toBe(true);
    expect(await markIn(place())).toBe('first');
    expect(await leftovers()).toEqual([]);
  });

  it('stores one complete tree when many jobs write at once (thorough)', async () => {
    const trees = await Promise.all(Array.from({ length: 8 }, (_, job) => tree('17.9', `job-${job}`)));
    const tools = await Promise.all(trees.map((root) => put(root)));
    for (const found of tools) expect(found?.directory.startsWith(place())).toBe(true);
    expect(await markIn(place())).toMatch(/^job-\d$/);
    expect(await cachedTools(MACHINE, 17)).toBeDefined();
    expect(await leftovers()).toEqual([]);
  });

  it('replaces tools that are complete but do not work here', async () => {
    await put(await tree('17.9', 'broken'));
    await rm(join(place(), 'usr/lib/postgresql/17/bin/pg_restore'));
    expect(await cachedTools(MACHINE, 17)).toBeUndefined();
    await put(await tree('17.9', 'good'));
    expect(await markIn(place())).toBe('good');
    expect(await leftovers()).toEqual([]);
  });

  it('replaces tools that an earlier version of this action cached without launchers', async () => {
    await put(await tree('17.9', 'old'));
    await rm(join(place(), 'bin'), { recursive: true });
    expect(await cachedTools(MACHINE, 17)).toBeUndefined();
    await put(await tree('17.9', 'new'));
    expect(await markIn(place())).toBe('new');
  });

  it('moves tools that do not work in it back to where they were unpacked', async () => {
    const root = await tree('17.9', 'mine');
    const psql = join(root, 'usr/lib/postgresql/17/bin/psql');
    const onlyThere = `case "$0" in ${JSON.stringify(bed.folders.toolCache)}*) exit 1;; esac`;
    await writeFile(psql, (await readFile(psql, 'utf8')).replace('\n', `\n${onlyThere}\n`));
    expect(await put(root)).toBeUndefined();
    expect(await markIn(root)).toBe('mine');
    expect([place(), `${place()}.complete`].filter((path) => existsSync(path))).toEqual([]);
    expect(await leftovers()).toEqual([]);
  });

  it('leaves the tools where they were unpacked if it cannot be written', async () => {
    const root = await tree('17.9', 'mine');
    await rm(bed.folders.toolCache, { recursive: true });
    await writeFile(bed.folders.toolCache, '');
    expect(await put(root)).toBeUndefined();
    expect(await markIn(root)).toBe('mine');
  });

  it('leaves the tools where they were unpacked and stores nothing if its marker cannot be written', async () => {
    const root = await tree('17.9', 'mine');
    // A folder in the place of the marker, with something in it.
    await mkdir(join(`${place()}.complete`, 'in the way'), { recursive: true });
    expect(await put(root)).toBeUndefined();
    expect(await markIn(root)).toBe('mine');
    expect(existsSync(place())).toBe(false);
    expect(await leftovers()).toEqual([]);
  });
});

describe('a job that was killed while it stored its tools', () => {
  it('before the tree was moved leaves nothing that is found', async () => {
    await put(await tree('17.9', 'x'));
    await mkdir(join(base(), '.staging-killed'));
    await rename(place(), join(base(), '.staging-killed/tree'));
    expect(await cachedTools(MACHINE, 17)).toBeUndefined();
    await put(await tree('17.9', 'next'));
    expect(await markIn(place())).toBe('next');
  });

  it('before the tree was marked leaves nothing that is used', async () => {
    await put(await tree('17.9', 'half'));
    await rm(`${place()}.complete`);
    await rm(join(place(), 'usr/lib/postgresql/17/bin/psql'));
    expect(await cachedTools(MACHINE, 17)).toBeUndefined();
    await put(await tree('17.9', 'whole'));
    expect(await markIn(place())).toBe('whole');
    expect(await cachedTools(MACHINE, 17)).toBeDefined();
    expect(await leftovers()).toEqual([]);
  });

  it('an hour ago leaves a folder that the next job removes; that of a running job stays', async () => {
    const [abandoned, active] = ['.staging-abandoned', '.staging-active'].map((name) => join(base(), name));
    if (abandoned === undefined || active === undefined) throw new Error('unreachable');
    await mkdir(abandoned, { recursive: true });
    await mkdir(active);
    const hoursAgo = new Date(Date.now() - 2 * 3_600_000);
    await utimes(abandoned, hoursAgo, hoursAgo);
    await put(await tree('17.9', 'x'));
    expect(await leftovers()).toEqual(['.staging-active']);
  });
});
