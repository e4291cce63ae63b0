import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { findConnectionString } from '../../src/postgres/connection-source.ts';

let workspace: string;
beforeEach(async () => {
  workspace = await mkdtemp(path.join(tmpdir(), 'workspace-'));
});
afterEach(() => rm(workspace, { recursive: true }));

const find = (inputValue: string, environmentValue?: string) =>
  findConnectionString({ input: 'connection-string', inputValue, environmentValue, workspace });

describe('the connection string', () => {
  it('is the input, if it is set', async () => {
    await writeFile(path.join(workspace, '.env'), 'DATABASE_URL=postgres://file\n');
    expect(await find('postgres://input', 'postgres://environment')).toEqual({
      value: 'postgres://input',
      from: 'the connection-string input',
    });
  });

  it('is DATABASE_URL of the environment rather than that of the .env file', async () => {
    await writeFile(path.join(workspace, '.env'), 'DATABASE_URL=postgres://file\n');
    expect((await find('', 'postgres://environment')).value).toBe('postgres://environment');
  });

  it("is finally DATABASE_URL of the .env file, with quotes and the rest of dotenv's syntax", async () => {
    await writeFile(
      path.join(workspace, '.env'),
      '# note\nexport DATABASE_URL="postgres://u:p#w@h/d" # comment\n',
    );
    const found = await find('  ', ' ');
    expect(found.value).toBe('postgres://u:p#w@h/d');
    expect(found.from).toContain('.env');
  });

  it('causes an error that names the input, missing secrets and forks if it is missing', async () => {
    await expect(find('')).rejects.toMatchObject({
      message: expect.stringContaining('connection-string is empty'),
      hint: expect.stringMatching(/secret[\s\S]*fork/),
    });
  });

  it('causes an error that names the input of the step that was meant, if there is one', async () => {
    const places = { input: 'connection-string', inputValue: '', environmentValue: undefined, workspace };
    for (const name of ['CONNECTION_STRING', 'DATABASE-URL']) {
      await expect(
        findConnectionString(places, {
          [`INPUT_${name}`]: 'postgres://u:SECRET@h/d',
          'INPUT_VERIFY-CONNECTION-STRING': 'postgres://u:SECRET@h/d',
        }),
      ).rejects.toMatchObject({
        hint: expect.stringContaining(
          `The step sets the input "${name.toLowerCase()}", which does not exist`,
        ),
      });
    }
    await expect(findConnectionString(places, {})).rejects.toMatchObject({
      hint: expect.stringContaining('Check the spelling of "connection-string"'),
    });
  });

  it('causes an error if .env is a folder', async () => {
    const { mkdir } = await import('node:fs/promises');
    await mkdir(path.join(workspace, '.env'));
    await expect(find('')).rejects.toMatchObject({ message: expect.stringContaining('.env') });
  });
});

describe('a missing connection string in a run without secrets', () => {
  const findIn = async (event: object, env: NodeJS.ProcessEnv) => {
    const file = path.join(workspace, 'event.json');
    await writeFile(file, JSON.stringify({ repository: { full_name: 'example/shop' }, ...event }));
    const places = { input: 'connection-string', inputValue: '', environmentValue: undefined, workspace };
    return findConnectionString(places, { GITHUB_EVENT_PATH: file, ...env });
  };

  it('is explained for a pull request from a fork', async () => {
    const event = { pull_request: { head: { repo: { full_name: 'stranger/shop' } } } };
    await expect(findIn(event, { GITHUB_EVENT_NAME: 'pull_request' })).rejects.toMatchObject({
      message: expect.stringMatching(
        /^connection-string is empty: .* from a fork \(stranger\/shop\).*no secrets/,
      ),
      hint: expect.stringContaining('Leave the step out of such runs'),
    });
  });

  it('is explained for Dependabot', async () => {
    const env = { GITHUB_EVENT_NAME: 'push', GITHUB_ACTOR: 'dependabot[bot]' };
    await expect(findIn({}, env)).rejects.toThrow(/^connection-string is empty: .*Dependabot/);
  });
});
