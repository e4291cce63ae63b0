import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { parseService, readService } from '../../src/postgres/service-file.ts';
import { errorText } from '../support/user-error.ts';

const FILE =
  '# note\n[other]\nhost=x\n[shop]\n host=h \nport=5433\nhost=second\n\n#c\npassword=p=w\n[next]\nuser=n\n';
const parse = (service: string, text = FILE) => parseService('connection-string', text, service);

describe('a connection service', () => {
  it('is its section of the file, with the first value of each key', () => {
    expect(parse('shop')).toEqual({ host: 'h', port: '5433', password: 'p=w' });
    expect(parse('nope')).toBeUndefined();
  });

  it('is refused without being shown if a line is not a parameter', () => {
    expect(errorText(() => parse('a', '[a]\nSECRET'))).not.toContain('SECRET');
  });

  describe('is searched', () => {
    let home: string;
    beforeEach(async () => {
      home = await mkdtemp(path.join(tmpdir(), 'home-'));
    });
    afterEach(() => rm(home, { recursive: true }));

    it('in PGSERVICEFILE or the home directory, and then in PGSYSCONFDIR', async () => {
      await writeFile(path.join(home, '.pg_service.conf'), '[a]\nhost=of-home\n');
      await writeFile(path.join(home, 'own.conf'), '[a]\nhost=of-file\n');
      await writeFile(path.join(home, 'pg_service.conf'), '[a]\nhost=of-system\n[b]\nhost=only-there\n');
      const read = (service: string, env: NodeJS.ProcessEnv) =>
        readService('connection-string', service, env);
      expect(await read('a', { HOME: home, PGSYSCONFDIR: home })).toEqual({ host: 'of-home' });
      expect(await read('a', { HOME: home, PGSERVICEFILE: path.join(home, 'own.conf') })).toEqual({
        host: 'of-file',
      });
      expect(await read('b', { HOME: home, PGSYSCONFDIR: home })).toEqual({ host: 'only-there' });
      await expect(read('c', { HOME: home })).rejects.toMatchObject({
        hint: expect.stringContaining('PGSERVICEFILE'),
      });
    });

    it('with an error for a file that exists but cannot be read', async () => {
      await expect(readService('connection-string', 'a', { PGSERVICEFILE: home })).rejects.toThrow(
        /^connection-string: the connection service file cannot be read: EISDIR/,
      );
    });
  });
});
