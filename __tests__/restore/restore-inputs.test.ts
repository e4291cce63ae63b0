import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { generateHybridIdentity, generateX25519Identity } from 'age-encryption';
import { parse } from 'yaml';
import { type RestoreInputs, readRestoreInputs } from '../../src/restore/restore-inputs.ts';
import { isJsonObject } from '../support/artifact-service-http.ts';
import { captureOutput } from '../support/captured-output.ts';
import { REPOSITORY_ROOT } from '../support/node-program.ts';
import { readActionMetadata } from '../support/runner-action-metadata.ts';
import { userErrorOf } from '../support/user-error.ts';
import { withInputs } from '../support/action-inputs.ts';

const URL = 'postgres://shop:s3cr%2Ft@db.example.com/shop';
const PEM = '-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----';

let workspace: string;
const output = captureOutput();

beforeAll(async () => {
  workspace = await mkdtemp(join(tmpdir(), 'workspace-'));
});
afterAll(() => rm(workspace, { recursive: true }));

function read(
  inputs: Readonly<Record<string, string>> = {},
  repository = 'example/shop',
): Promise<RestoreInputs> {
  return withInputs('restore', { 'connection-string': URL, ...inputs }, () =>
    readRestoreInputs({ workspace, repository }),
  );
}

async function refusalOf(inputs: Readonly<Record<string, string>>, repository?: string): Promise<string> {
  const { message, hint } = await userErrorOf(read(inputs, repository));
  return `${message}\n${hint}`;
}

/** The texts that the runner was told to mask; it is told them with a few characters encoded. */
const masked = (): string[] =>
  output.text.split('\n').flatMap((line) => {
    const text = /^::add-mask::(.*)$/.exec(line)?.[1];
    return text === undefined ? [] : [decodeURIComponent(text)];
  });

describe('the inputs of a restore', () => {
  it('default to the whole latest backup of this repository, in one transaction, with verification', async () => {
    expect(await read()).toEqual({
      connection: { value: URL, from: 'the connection-string input' },
      tls: { rootCertificate: undefined, certificate: undefined, key: undefined },
      connectionAttempts: 5,
      githubToken: 'ghs_of_the_job',
      postgresVersion: { kind: 'auto' },
      checkLatest: false,
      addToPath: false,
      aptMirror: undefined,
      aptSigningKey: undefined,
      source: {
        kind: 'stored',
        wanted: { kind: 'latest', backupName: undefined },
        store: {
          kind: 'artifact',
          repository: { owner: 'example', repo: 'shop' },
          token: 'ghs_of_the_job',
        },
      },
      keys: undefined,
      filters: { schemas: [], tables: [] },
      clean: false,
      confirmDatabase: undefined,
      noOwner: false,
      noPrivileges: false,
      databaseSettings: false,
      jobs: undefined,
      searchPath: [],
      verify: true,
      restoreArguments: [],
    });
  });

  it('are read from the workflow', async () => {
    const [first, second] = await Promise.all([generateX25519Identity(), generateHybridIdentity()]);
    expect(
      await read({
        'postgres-version': '18',
        'check-latest': 'true',
        'add-to-path': 'true',
        schemas: 'app\n\n  shop*  ',
        tables: 'public."Users"',
        clean: 'true',
        'confirm-database': 'shop',
        'no-owner': 'false',
        'no-privileges': 'FALSE',
        'database-settings': 'true',
        jobs: '64',
        'search-path': 'public, "Ext"',
        verify: 'false',
        'pg-restore-args': '--role="shop owner" --no-comments',
        'age-identity': `# of the team\n${first}\n${second}\n`,
      }),
    ).toMatchObject({
      postgresVersion: { kind: 'major', major: 18 },
      checkLatest: true,
      addToPath: true,
      filters: { schemas: ['app', 'shop*'], tables: ['public."Users"'] },
      clean: true,
      confirmDatabase: 'shop',
      noOwner: false,
      noPrivileges: false,
      databaseSettings: true,
      jobs: 64,
      searchPath: ['public', 'Ext'],
      verify: false,
      restoreArguments: ['--role=shop owner', '--no-comments'],
      keys: { identities: [first, second], passphrase: undefined },
    });
  });

  it('select the backup by artifact name, artifact id, backup-name, repository or path', async () => {
    const source = async (inputs: Readonly<Record<string, string>>) => (await read(inputs)).source;
    expect(await source({ backup: 'shop-20260101T000000Z-01234567.bak' })).toMatchObject({
      wanted: { kind: 'name', name: 'shop-20260101T000000Z-01234567.bak' },
    });
    expect(await source({ backup: '4711' })).toMatchObject({ wanted: { kind: 'id', id: 4711 } });
    expect(await source({ 'backup-name': 'shop', repository: 'an_owner/the.repo-1' })).toMatchObject({
      wanted: { kind: 'latest', backupName: 'shop' },
      store: { repository: { owner: 'an_owner', repo: 'the.repo-1' } },
    });
    expect(await source({ storage: './backups/' })).toEqual({
      kind: 'stored',
      wanted: { kind: 'latest', backupName: undefined },
      store: { kind: 'folder', given: './backups/' },
    });
    expect(await source({ path: 'backups/shop.bak' })).toEqual({ kind: 'file', path: 'backups/shop.bak' });
    // A file needs no repository.
    expect((await read({ path: 'x.bak' }, '')).source).toEqual({ kind: 'file', path: 'x.bak' });
    expect(await source({ 'github-token': '' })).toMatchObject({ store: { token: '' } });
  });

  it.each([
    [{ path: 'x.bak', backup: '12' }, 'path and backup are both set'],
    [{ path: 'x.bak', backup: 'a.bak' }, 'path and backup are both set'],
    [{ path: 'x.bak', 'backup-name': 'shop' }, 'path and backup-name are both set'],
    [{ path: 'x.bak', repository: 'a/b' }, 'path and repository are both set'],
    [{ path: 'x.bak', storage: './b/' }, 'path and storage are both set'],
    [{ repository: 'a/b', storage: './b/' }, 'repository is set, and storage is "./b/"'],
    [
      { storage: 'b/' },
      'storage: "b/" must be "artifact", a bucket ("s3://BUCKET/PREFIX"), or the path of a folder',
    ],
    [{ storage: 'artifact\n./b/' }, 'storage: there are 2 lines'],
    [{ backup: '' }, 'the output backup-file'],
    [{ backup: '0' }, 'backup: "0" is not the id of an artifact'],
    [{ backup: '99999999999999999999' }, 'is not the id of an artifact'],
    [{ backup: '12', 'backup-name': 'shop' }, 'backup names one already: "12"'],
    [{ 'backup-name': 'a/b' }, 'backup-name: "a/b" contains "/"'],
    [{ repository: 'shop' }, 'repository: "shop" is not the name of a repository'],
    [{ repository: 'https://github.com/a/b' }, 'without https://'],
    [{ repository: 'a/b/c' }, 'owner/name'],
    [{ repository: '../..' }, 'owner/name'],
    [{ jobs: '0' }, 'jobs: "0" must be a whole number from 1 to 64'],
    [{ jobs: '65' }, 'jobs: "65" must be'],
    [{ jobs: '2x' }, 'jobs: "2x" must be'],
    [{ clean: 'yes' }, 'clean: "yes" must be true or false'],
    [{ verify: '' }, 'verify: "" must be true or false'],
    [{ 'connection-attempts': '0' }, 'connection-attempts: "0"'],
    [{ 'postgres-version': '12' }, 'postgres-version: "12"'],
    [{ 'pg-restore-args': '--clean' }, 'use the clean input'],
    [{ 'pg-restore-args': '--role="a' }, 'pg-restore-args: a quotation mark is not closed'],
    [{ 'ssl-root-cert': 'x' }, 'ssl-root-cert: the value is not a certificate'],
    [{ 'age-identity': 'age1xyz' }, 'age-identity: line 1 is a public key'],
    [
      { 'age-passphrase': ' words ' },
      'age-passphrase: the passphrase is blank, starts or ends with white space',
    ],
    [{ 'connection-string': ' ' }, 'connection-string is empty'],
  ])('are refused with an error that names the wrong one: %j', async (inputs, text) => {
    expect(await refusalOf(inputs)).toContain(text);
  });

  it('need a repository outside GitHub', async () => {
    expect(await refusalOf({}, '')).toContain('GITHUB_REPOSITORY is not set');
    expect((await read({ repository: 'a/b' }, '')).source).toMatchObject({
      store: { repository: { owner: 'a', repo: 'b' } },
    });
  });

  it('may take the connection string from the .env file, as a backup does', async () => {
    await writeFile(join(workspace, '.env'), `DATABASE_URL="${URL}"\n`);
    const { connection } = await read({ 'connection-string': '' });
    expect(connection).toEqual({ value: URL, from: 'DATABASE_URL in the .env file of the workspace' });
    expect(masked()).toContain('s3cr/t');
    await rm(join(workspace, '.env'));
  });
});

describe('the secrets among the inputs of a restore', () => {
  it('are masked in each of their lines and forms', async () => {
    const identity = await generateX25519Identity();
    await read({ 'github-token': 'ghp_other', 'age-identity': `# note\n${identity}`, 'ssl-key': PEM });
    const secrets = [URL, 's3cr%2Ft', 's3cr/t', 'ghp_other', identity, ...PEM.split('\n')];
    expect(masked()).toEqual(expect.arrayContaining(secrets));
  });

  it('are masked before any input is refused', async () => {
    const secrets = {
      'age-identity': 'AGE-SECRET-KEY-1BROKEN',
      'age-passphrase': 'three words',
      'github-token': 'ghp_x',
    };
    for (const wrong of [
      { jobs: 'x' },
      { 'connection-string': '' },
      { path: 'x', backup: '1' },
      { 'ssl-key': 'not PEM' },
    ]) {
      output.clear();
      const text = await refusalOf({ ...secrets, ...wrong });
      expect(masked()).toEqual(expect.arrayContaining(Object.values(secrets)));
      for (const secret of Object.values(secrets)) expect(text).not.toContain(secret);
    }
    expect(masked()).toContain('not PEM');
  });
});

describe('restore/action.yml', () => {
  it('declares all inputs with the defaults that the documentation promises', async () => {
    const { inputs, outputs, main, post } = await readActionMetadata(join(REPOSITORY_ROOT, 'restore'));
    expect(inputs).toMatchObject({
      storage: 'artifact',
      backup: 'latest',
      'postgres-version': 'auto',
      clean: 'false',
      'confirm-database': '',
      'no-owner': 'false',
      'no-privileges': 'false',
      'database-settings': 'false',
      verify: 'true',
      'github-token': '${{ github.token }}',
    });
    expect(Object.keys(inputs)).toHaveLength(29);
    expect(outputs).toEqual([
      'backup-file',
      'artifact-id',
      'artifact-name',
      'database',
      'tables',
      'rows',
      'verified',
      'left-out',
      'duration-seconds',
    ]);
    expect(main).toBe(join(REPOSITORY_ROOT, 'dist/restore/index.js'));
    expect(post).toBe(join(REPOSITORY_ROOT, 'dist/cleanup/index.js'));
  });

  it('describes an input in the same words as the backup where it means the same, and in its own otherwise', async () => {
    const [own, backup] = await Promise.all(['restore', '.'].map(descriptions));
    const same = Object.keys(own ?? {}).filter((name) => backup?.[name] === own?.[name]);
    expect(same).toEqual([
      'check-latest',
      'add-to-path',
      'connection-attempts',
      'ssl-root-cert',
      'ssl-cert',
      'ssl-key',
      'apt-mirror',
      'apt-signing-key',
    ]);
  });
});

async function descriptions(folder: string): Promise<Record<string, unknown>> {
  const document: unknown = parse(await readFile(join(REPOSITORY_ROOT, folder, 'action.yml'), 'utf8'));
  if (!isJsonObject(document) || !isJsonObject(document['inputs']))
    throw new Error(`${folder} has no inputs`);
  const inputs = Object.entries(document['inputs']);
  return Object.fromEntries(
    inputs.map(([name, input]) => [name, isJsonObject(input) ? input['description'] : undefined]),
  );
}
