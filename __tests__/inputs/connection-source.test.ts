import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { findConnectionString } from '../../src/inputs/connection-source.ts';

let workspace: string;
beforeEach(async () => {
  workspace = await mkdtemp(path.join(tmpdir(), 'workspace-'));
});
afterEach(() => rm(workspace, { recursive: true }));

const find = (inputValue: string, environmentValue?: string) =>
  findConnectionString({ input: 'connection-string', inputValue, environmentValue, workspace });

describe('the connection string', () => {
  it('is the input, when there is one', async () => {
    await writeFile(path.join(workspace, '.env'), 'DATABASE_URL=postgres://file\n');
    expect(await find('postgres://input', 'postgres://environment')).toEqual({
      value: 'postgres://input',
      from: 'the connection-string input',
    });
  });

  it('is DATABASE_URL of the environment before that of the .env file', async () => {
    await writeFile(path.join(workspace, '.env'), 'DATABASE_URL=postgres://file\n');
    expect((await find('', 'postgres://environment')).value).toBe('postgres://environment');
  });

  it('is DATABASE_URL of the .env file at last, quotes and all that dotenv knows', async () => {
    await writeFile(
      path.join(workspace, '.env'),
      '# note\nexport DATABASE_URL="postgres://u:p#w@h/d" # comment\n',
    );
    const found = await find('  ', ' ');
    expect(found.value).toBe('postgres://u:p#w@h/d');
    expect(found.from).toContain('.env');
  });

  it('is missing with an error that names the input, missing secrets and forks', async () => {
    await expect(find('')).rejects.toMatchObject({
      message: expect.stringContaining('connection-string is empty'),
      hint: expect.stringMatching(/secret[\s\S]*fork/),
    });
  });

  it('cannot be read from a .env that is a folder, and says so', async () => {
    const { mkdir } = await import('node:fs/promises');
    await mkdir(path.join(workspace, '.env'));
    await expect(find('')).rejects.toMatchObject({ message: expect.stringContaining('.env') });
  });
});
