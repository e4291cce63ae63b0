import { tmpdir } from 'node:os';
import { describe, expect, it } from '@jest/globals';
import { type BackupInputs, readBackupInputs } from '../../src/backup/backup-inputs.ts';
import { withInputs } from '../support/action-inputs.ts';
import { captureOutput } from '../support/captured-output.ts';

captureOutput();

function read(given: Readonly<Record<string, string>>): Promise<BackupInputs> {
  const inputs = { 'connection-string': 'postgres://shop:secret@db.example.com/shop', ...given };
  return withInputs('.', inputs, () => readBackupInputs(tmpdir()));
}

describe('the client tools of a backup', () => {
  it.each([
    ['follow the server without postgres-version', {}, { kind: 'auto' }],
    ['are of the version in postgres-version', { 'postgres-version': '16' }, { kind: 'major', major: 16 }],
  ])('%s', async (_, given, version) => {
    expect((await read(given)).postgresVersion).toEqual(version);
  });
});

describe('the stores of a backup', () => {
  it.each([
    ['artifact', [{ kind: 'artifact' }]],
    ['./backups/', [{ kind: 'folder', given: './backups/' }]],
    ['artifact\n./backups/', [{ kind: 'artifact' }, { kind: 'folder', given: './backups/' }]],
  ])('are the lines of storage: %j', async (storage, stores) => {
    expect((await read({ storage })).stores).toEqual(stores);
  });
});

describe('the connections of a dump', () => {
  it.each([
    [{}, 1],
    [{ jobs: '4' }, 4],
    [{ jobs: '64' }, 64],
  ])('are those in jobs, of which there is one by default: %j', async (given, jobs) => {
    expect((await read(given)).jobs).toBe(jobs);
  });

  it.each(['0', '65', '', 'many'])('are between 1 and 64: %j', async (jobs) => {
    await expect(read({ jobs })).rejects.toThrow(/^jobs: /);
  });

  it('are one through a pooler', async () => {
    expect((await read({ jobs: '1', 'allow-pooler': 'true' })).jobs).toBe(1);
    await expect(read({ jobs: '2', 'allow-pooler': 'true' })).rejects.toThrow(
      /^jobs: 2 cannot be combined with "allow-pooler: true"/,
    );
  });
});

describe('the search path of a backup', () => {
  it('is for its test restore, and refused without one', async () => {
    const given = { 'search-path': 'public, extensions' };
    const testServer = { 'verify-connection-string': 'postgres://test@localhost/postgres' };
    expect((await read({ ...given, ...testServer })).searchPath).toEqual(['public', 'extensions']);
    expect((await read({})).searchPath).toEqual([]);
    await expect(read(given)).rejects.toThrow(/^search-path is for the test restore/);
  });
});
