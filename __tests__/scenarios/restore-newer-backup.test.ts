import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { holdsNothing } from '../support/restored.ts';
import { fillShop } from '../support/shop.ts';
import { type TestBed, expectFailedRestore, expectSuccess, startTestBed } from '../support/test-bed.ts';

let bed: TestBed;
let folder: string;
let backup: string;
beforeAll(async () => {
  bed = await startTestBed();
  const url = await bed.database.createDatabase('shop');
  await fillShop(bed.database, { database: 'shop', scale: 0.1 });
  folder = await mkdtemp(path.join(tmpdir(), 'newer-backup-'));
  const inputs = { 'connection-string': url, storage: `${folder}/` };
  const run = await bed.backup({ inputs });
  expectSuccess(run);
  backup = run.outputs['backup-path'] ?? '';
});
afterAll(async () => {
  await bed.stop();
  await rm(folder, { recursive: true, force: true });
});

/**
 * The backup as though PostgreSQL 18 had written it, whose tools are not available everywhere: its header says so, and
 * nothing else of it is read before the versions are compared.
 */
async function writtenBy18(): Promise<string> {
  const archive = await readFile(backup);
  // The server's version comes first, then that of pg_dump.
  const version = archive.indexOf('17.', archive.indexOf('17.') + 1);
  archive.write('18.', version);
  const file = path.join(folder, 'newer.bak');
  await writeFile(file, archive);
  return file;
}

describe('a backup that is newer than the tools of a fixed postgres-version (thorough)', () => {
  it('is refused before the restore, and the error says which version to set', async () => {
    const url = await bed.database.createDatabase('target');
    const run = await bed.restore({
      inputs: { 'connection-string': url, path: await writtenBy18(), 'postgres-version': '17' },
    });
    expectFailedRestore(
      run,
      /^The backup was made by pg_dump 18\.\d+, which is newer than the client tools \(17\)\.\nSet "postgres-version: 18", or remove postgres-version\.$/,
    );
    expect(run.summary).toContain('The target was not touched');
    expect(await holdsNothing(bed.database, 'target')).toBe(true);
  });
});
