import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parseConnectionUrl } from '../../../src/postgres/url/connection-url.ts';
import { UserError } from '../../../src/errors.ts';
import { errorText } from '../../support/user-error.ts';

const parse = (url: string) => parseConnectionUrl('connection-string', url).parameters;

describe('a connection URL', () => {
  it('is parsed into user, password, host, port, database and parameters, decoded', () => {
    expect(
      parse('postgres://us%65r:p%40ss@db.example.com:6543/sh%20op?sslmode=require&application_name=a%26b'),
    ).toEqual({
      user: 'user',
      password: 'p@ss',
      host: 'db.example.com',
      port: '6543',
      dbname: 'sh op',
      sslmode: 'require',
      application_name: 'a&b',
    });
  });

  it.each([
    ['postgresql://', {}],
    ['postgres://h', { host: 'h' }],
    ['postgres://h/', { host: 'h' }],
    ['postgres:///d', { dbname: 'd' }],
    ['postgres://u@h', { user: 'u', host: 'h' }],
    ['postgres://u:@h', { user: 'u', host: 'h' }],
    ['postgres://:p@h', { password: 'p', host: 'h' }],
    ['postgres://u:p:q@h', { user: 'u', password: 'p:q', host: 'h' }],
    ['postgres://[::1]:5433/d', { host: '::1', port: '5433', dbname: 'd' }],
    ['postgres://a,b:1,[::2]:3/d', { host: 'a,b,::2', port: ',1,3', dbname: 'd' }],
    ['postgres://%2Fvar%2Frun/d', { host: '/var/run', dbname: 'd' }],
    ['postgres:///d?host=/tmp&port=1', { dbname: 'd', host: '/tmp', port: '1' }],
    ['postgres://h/a/b', { host: 'h', dbname: 'a/b' }],
    ['postgres://h/d?ssl=true', { host: 'h', dbname: 'd', sslmode: 'require' }],
    ['postgres://u:pa#ss?w@h/d', { user: 'u', password: 'pa#ss?w', host: 'h', dbname: 'd' }],
    ['postgres://u:é%C3%A9@h', { user: 'u', password: 'éé', host: 'h' }],
  ])('has the same meaning as in libpq: %s', (url, parameters) => {
    expect(parse(url)).toEqual(parameters);
  });

  it.each([
    ['an unescaped @ in the password', 'postgres://user:SECRET@SECRET@host/db'],
    ['an unescaped / in the password', 'postgres://user:SECRET/SECRET@host/db'],
    ['an unescaped / in a numeric password', 'postgres://user:123/SECRET@host/db'],
    ['an unescaped % in the password', 'postgres://user:SECRET%zz@host/db'],
    ['a % at the end of the password', 'postgres://user:SECRET%@host/db'],
    ['a NUL in the password', 'postgres://user:SECRET%00@host/db'],
    ['an @ and a / in the password', 'postgres://user:SE@CRET/SECRET@host/db'],
    ['an unescaped [ in the password, cut by a /', 'postgres://user:x/[SECRET@host/db'],
  ])('with %s is refused with the advice to percent-encode, without showing it', (_, url) => {
    const text = errorText(() => parse(url));
    expect(text).toContain('connection-string');
    expect(text).toMatch(/percent-encode/i);
    expect(text).not.toMatch(/SE|CRET|123|host|user:/);
  });

  it.each(['0', '99999', '65536'])('with port %s is refused, showing the port', (port) => {
    expect(errorText(() => parse(`postgres://u:p@h:${port}/d`))).toContain(`${port} is not a port`);
    expect(errorText(() => parse(`postgres://u:p@h/d?port=${port}`))).toContain(`${port} is not a port`);
  });

  it('with an & that was written as in HTML is refused', () => {
    expect(errorText(() => parse('postgres://u:SECRET@h/d?sslmode=require&amp;connect_timeout=9'))).toMatch(
      /^connection-string: the connection string was copied with "&amp;"/,
    );
  });

  it('with an unknown parameter is refused, naming the parameter and not its value', () => {
    const text = errorText(() => parse('postgres://u:p@h/d?sslmode=require&shema=SECRET'));
    expect(text).toContain('"shema"');
    expect(text).not.toContain('SECRET');
  });

  it.each([
    'postgres://u:p@h/d?sslmode',
    'postgres://u:p@h/d?a=b=c',
    'postgres://u:p@[::1/d',
    'postgres://u:p@[]/d',
    'postgres://u:p@[::1]x/d',
  ])('is refused if it is invalid: %s', (url) => {
    expect(errorText(() => parse(url))).toContain('connection-string');
  });

  it('never crashes the parser and never shows any of the password, however it is damaged', () => {
    const password = fc.stringMatching(/^[@/:?#%[\]&= ]*ZQX[@/:?#%[\]&= ]*ZQX$/);
    fc.assert(
      fc.property(
        password,
        fc.constantFrom('', 'h', 'h:5432', '[::1]', 'h:x'),
        fc.string(),
        (secret, host, rest) => {
          try {
            parse(`postgres://user:${secret}@${host}/${rest}`);
          } catch (error) {
            if (!(error instanceof UserError)) throw error;
            expect(`${error.message} ${error.hint}`).not.toContain('ZQX');
          }
        },
      ),
      { numRuns: 5_000 },
    );
  });
});
