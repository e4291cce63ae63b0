import { tmpdir } from 'node:os';
import { describe, expect, it } from '@jest/globals';
import { type BackupInputs, readBackupInputs } from '../../src/backup/backup-inputs.ts';
import { withInputs } from '../support/action-inputs.ts';
import { captureOutput } from '../support/captured-output.ts';
import { userErrorOf } from '../support/user-error.ts';

captureOutput();

function read(given: Readonly<Record<string, string>>): Promise<BackupInputs> {
  const inputs = { 'connection-string': 'postgres://shop:secret@db.example.com/shop', ...given };
  return withInputs('.', inputs, () => readBackupInputs(tmpdir()));
}

describe('the destination of a backup', () => {
  it.each([
    [{}, { upload: true, keepAt: undefined }],
    [{ path: 'backups/' }, { upload: true, keepAt: 'backups/' }],
    [
      { path: 'backups/', upload: 'false' },
      { upload: false, keepAt: 'backups/' },
    ],
  ])('is set with path and upload: %j', async (given, destination) => {
    expect((await read(given)).destination).toEqual(destination);
  });

  it('cannot be empty', async () => {
    const { message, hint } = await userErrorOf(read({ upload: 'false' }));
    expect(message).toMatch(/^upload .*not be stored anywhere/);
    expect(hint).toContain('path: backups/');
  });
});
