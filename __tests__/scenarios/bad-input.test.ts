import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type TestBed, expectFailure, startTestBed } from '../support/test-bed.ts';

let bed: TestBed;
beforeAll(async () => {
  bed = await startTestBed();
});
afterAll(() => bed.stop());

const HOST = 'postgres://user:SECRET@127.0.0.1:1';

// The parsers' own tests cover every variant; here one of each kind goes through the bundled action.
describe('bad input is refused before anything is done', () => {
  it.each<[string, Record<string, string>, RegExp]>([
    ['an empty connection string', { 'connection-string': '' }, /^connection-string is empty[\s\S]*fork/],
    [
      'another scheme (thorough)',
      { 'connection-string': 'mysql://u:SECRET@h/d' },
      /^connection-string: the scheme "mysql"/,
    ],
    [
      'half of the quotes around it (thorough)',
      { 'connection-string': `"${HOST}` },
      /^connection-string: the value starts with a quot/,
    ],
    [
      'a psql command with options (thorough)',
      { 'connection-string': `psql '${HOST}/d' -c 'SELECT 1'` },
      /^connection-string: the value is a command/,
    ],
    [
      'a placeholder (thorough)',
      { 'connection-string': 'postgres://postgres.SECRET:[YOUR-PASSWORD]@h/d' },
      /^connection-string: the connection string still contains a placeholder/,
    ],
    [
      'a line break (thorough)',
      { 'connection-string': 'postgres://u:SECRET\nPASSPHRASE@h/d' },
      /^connection-string: the value has 2 lines/,
    ],
    ['an @ in the password', { 'connection-string': 'postgres://u:SECRET@PASSPHRASE@h/d' }, /Percent-encode/],
    [
      'a / in the password (thorough)',
      { 'connection-string': 'postgres://u:SECRET/PASSPHRASE@h/d' },
      /Percent-encode/,
    ],
    [
      'a % in the password (thorough)',
      { 'connection-string': 'postgres://u:SECRET%PASSPHRASE@h/d' },
      /Percent-encode/,
    ],
    [
      'port 0 (thorough)',
      { 'connection-string': 'postgres://u:SECRET@h:0/d' },
      /connection-string: 0 is not a port/,
    ],
    [
      'port 99999 (thorough)',
      { 'connection-string': 'postgres://u:SECRET@h:99999/d' },
      /99999 is not a port/,
    ],
    ['an unknown URL parameter (thorough)', { 'connection-string': `${HOST}/d?shema=x` }, /"shema"/],
    ['retention 0', { 'retention-days': '0' }, /^retention-days: "0"[\s\S]*1 to 400/],
    ['retention -1 (thorough)', { 'retention-days': '-1' }, /^retention-days: "-1"/],
    ['retention 401 (thorough)', { 'retention-days': '401' }, /^retention-days: "401"/],
    ['retention 1.5 (thorough)', { 'retention-days': '1.5' }, /^retention-days: "1.5"/],
    ['retention thirty (thorough)', { 'retention-days': 'thirty' }, /^retention-days: "thirty"/],
    ['compression zip', { compression: 'zip' }, /^compression: "zip"/],
    ['compression zstd:99 (thorough)', { compression: 'zstd:99' }, /^compression: the level of "zstd:99"/],
    ['zstd for old tools (thorough)', { 'postgres-version': '15' }, /^compression: zstd needs PostgreSQL 16/],
    [
      'version 12',
      { 'postgres-version': '12' },
      /^postgres-version: "12"[\s\S]*(13 to 18|13, 14, 15, 16, 17, 18)/,
    ],
    ['a name with a slash (thorough)', { 'backup-name': 'prod/shop' }, /^backup-name: [\s\S]*"\/"/],
    ['a name with a line break (thorough)', { 'backup-name': 'a\nb' }, /^backup-name: /],
    [
      'a store that is none',
      { storage: 'backups' },
      /^storage: "backups" must be "artifact", a bucket [\s\S]*\.\/backups\//,
    ],
    ['no store (thorough)', { storage: ' ' }, /^storage: the value is empty/],
    ['a store twice (thorough)', { storage: 'artifact\nartifact' }, /^storage: "artifact" is there twice/],
    [
      'an argument that the action owns',
      { 'pg-dump-args': '--format=plain' },
      /^pg-dump-args: --format cannot/,
    ],
    [
      'an argument that is a database (thorough)',
      { 'pg-dump-args': 'postgres://h/d' },
      /^pg-dump-args: [\s\S]*not an option/,
    ],
    ['connection-attempts 0 (thorough)', { 'connection-attempts': '0' }, /^connection-attempts: "0"/],
  ])('%s', async (_, inputs, annotation) => {
    const run = await bed.backup({ inputs, secrets: ['SECRET', 'PASSPHRASE'] });
    expectFailure(run, annotation, bed.artifacts);
    expect(bed.artifacts.requests).toEqual([]);
    expect(run.processes.filter(({ argv }) => /psql|pg_dump|apt/.test(argv.join(' ')))).toEqual([]);
  });
});

describe('a machine without an artifact service is refused before the dump', () => {
  it.each<[string, Record<string, string>, RegExp]>([
    [
      'GitHub Enterprise Server',
      { GITHUB_SERVER_URL: 'https://git.company.example' },
      /not GitHub\.com[\s\S]*Set "storage" to a bucket/,
    ],
    ['no runtime token (thorough)', { ACTIONS_RUNTIME_TOKEN: '' }, /ACTIONS_RUNTIME_TOKEN is not set/],
  ])('%s', async (_, env, annotation) => {
    expectFailure(await bed.backup({ env }), annotation, bed.artifacts);
  });
});
