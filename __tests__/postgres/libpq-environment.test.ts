import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { libpqEnvironment, libpqSettings } from '../../src/postgres/libpq-environment.ts';
import { LIBPQ_PARAMETERS } from '../../src/postgres/url/parameters.ts';
import { errorText } from '../support/user-error.ts';

describe('libpq settings', () => {
  it('contain each parameter as a variable, or in the service file if it has no variable, never both', () => {
    const { variables, serviceFile } = libpqSettings('connection-string', {
      host: 'h',
      password: 'p=w',
      sslpassword: 'key',
      keepalives_idle: '5',
    });
    expect(variables).toMatchObject({ PGHOST: 'h', PGPASSWORD: 'p=w' });
    expect(serviceFile.split('\n')).toEqual(
      expect.arrayContaining(['[postgres-backup]', 'sslpassword=key', 'keepalives_idle=5']),
    );
    expect(serviceFile).not.toMatch(/host|password=p/);
  });

  it('have defaults that the connection string overrides', () => {
    expect(libpqSettings('connection-string', {}).variables['PGCONNECT_TIMEOUT']).toBe('15');
    expect(libpqSettings('connection-string', { connect_timeout: '3' }).variables['PGCONNECT_TIMEOUT']).toBe(
      '3',
    );
  });

  it('refuse a value that would start a new line of the service file, without showing it', () => {
    const text = errorText(() => libpqSettings('connection-string', { sslpassword: 'SECRET\nhost=evil' }));
    expect(text).toContain('sslpassword');
    expect(text).not.toContain('SECRET');
  });

  it('have the variable of every parameter that has one', () => {
    const variables = Object.values(LIBPQ_PARAMETERS).filter((variable) => variable !== null);
    expect(new Set(variables).size).toBe(variables.length);
  });
});

describe('the libpq environment', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'work-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('has a service file that only this user can read', async () => {
    const environment = await libpqEnvironment('connection-string', { sslpassword: 'key' }, folder);
    const file = environment['PGSERVICEFILE'] ?? '';
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await readFile(file, 'utf8')).toContain('sslpassword=key');
  });

  it('inherits nothing, and ignores files in the home of the user', async () => {
    const environment = await libpqEnvironment('connection-string', {}, folder);
    expect(environment['HOME']).toBe(folder);
    expect(Object.keys(environment).filter((name) => !/^(PG\w+|HOME|LC_ALL)$/.test(name))).toEqual([]);
  });
});
