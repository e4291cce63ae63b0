import fc from 'fast-check';
import { describe, expect, it } from '@jest/globals';
import { parseConnectionUrl } from '../../../src/postgres/url/connection-url.ts';
import { directUrl, localDatabaseUrl, readPrismaUrl } from '../../../src/postgres/url/prisma-key.ts';
import { UserError } from '../../../src/errors.ts';
import { errorText } from '../../support/user-error.ts';

const INPUT = 'connection-string';
const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const jwt = (payload: unknown): string => `${encode({ alg: 'HS256' })}.${encode(payload)}.c2lnbmF0dXJl`;
const CREDENTIALS = { tenant_id: 'tenant', secure_key: 'sk_SECRET' };
const DIRECT = 'postgres://tenant:sk_SECRET@db.prisma.io:5432/postgres?sslmode=require';

describe('an API key of Prisma Postgres', () => {
  it('gives the direct address if its payload contains credentials', () => {
    expect(directUrl(INPUT, jwt({ id: 1, ...CREDENTIALS }))).toBe(DIRECT);
  });

  it('gives nothing if one of them is missing or of another type', () => {
    for (const payload of [
      {},
      { tenant_id: 'tenant' },
      { secure_key: 'sk_SECRET' },
      { ...CREDENTIALS, tenant_id: 7 },
      { ...CREDENTIALS, secure_key: '' },
      { ...CREDENTIALS, secure_key: ['sk_SECRET'] },
      { ...CREDENTIALS, tenant_id: 'a\nb' },
      { ...CREDENTIALS, tenant_id: 'a\0b' },
    ]) {
      expect(directUrl(INPUT, jwt(payload))).toBeUndefined();
    }
  });

  it('is left to the tunnel if it is not a JWT', () => {
    for (const key of ['opaque', 'a.b', 'a.b.c.d', encode(CREDENTIALS)]) {
      expect(directUrl(INPUT, key)).toBeUndefined();
    }
  });

  it.each([
    ['standard base64 instead of base64url', 'a.eyJhIjoi+/8ifQ==.c'],
    ['a payload that was cut', `a.${encode(CREDENTIALS).slice(0, 22)}.c`],
    ['one character too many', `a.${encode({ a: 12 })}A.c`],
    ['bits after the end', 'a.eyJhIjoxfR.c'],
    ['no payload', 'a..c'],
    ['a list', `a.${encode([CREDENTIALS])}.c`],
    ['null', `a.${encode(null)}.c`],
    ['bytes that are not UTF-8', `a.${Buffer.from('7b2261223a22ff227d', 'hex').toString('base64url')}.c`],
  ])('is damaged: %s', (_, key) => {
    expect(errorText(() => directUrl(INPUT, key))).toContain(
      'the api_key of the prisma+postgres:// URL is damaged',
    );
  });

  it('gives credentials that the URL parser reads unchanged, whatever they contain', () => {
    const credential = fc.string({ unit: 'grapheme', minLength: 1 }).filter((text) => !/\p{Cc}/u.test(text));
    fc.assert(
      fc.property(credential, credential, (user, password) => {
        const url = directUrl(INPUT, jwt({ tenant_id: user, secure_key: password }));
        expect(parseConnectionUrl(INPUT, url ?? '').parameters).toEqual({
          host: 'db.prisma.io',
          port: '5432',
          user,
          password,
          dbname: 'postgres',
          sslmode: 'require',
        });
      }),
    );
  });
});

describe('the key of a local server', () => {
  const url = 'postgres://postgres:postgres@localhost:51214/template1?sslmode=disable';

  it("gives the server's address, with and without padding", () => {
    const key = Buffer.from(JSON.stringify({ databaseUrl: url, name: 'xy' })).toString('base64');
    expect(key).toMatch(/=$/);
    expect(localDatabaseUrl(INPUT, key)).toBe(url);
    expect(localDatabaseUrl(INPUT, encode({ databaseUrl: url }))).toBe(url);
  });

  it('is refused if it contains no PostgreSQL address, without showing it', () => {
    const bad = [
      encode({}),
      encode({ databaseUrl: 7 }),
      encode({ databaseUrl: 'mysql://SECRET' }),
      encode({ databaseUrl: 'postgres://a SECRET' }),
      Buffer.from('SECRET').toString('base64url'),
      'SECRET!',
      '',
    ];
    for (const key of bad) {
      const text = errorText(() => localDatabaseUrl(INPUT, key));
      expect(text).toContain('contains no database address');
      expect(text).not.toContain('SECRET');
    }
  });
});

describe('a prisma+postgres:// URL', () => {
  it('leads to the direct address, the tunnel or a local server', () => {
    const service = 'prisma+postgres://accelerate.prisma-data.net/?api_key=';
    expect(readPrismaUrl(INPUT, service + jwt(CREDENTIALS))).toEqual({ kind: 'direct', url: DIRECT });
    expect(readPrismaUrl(INPUT, service + jwt({ id: 1 }))).toEqual({
      kind: 'tunnel',
      apiKey: jwt({ id: 1 }),
    });
    expect(readPrismaUrl(INPUT, `${service}opaque-key&pool_timeout=3`)).toEqual({
      kind: 'tunnel',
      apiKey: 'opaque-key',
    });
    const local = { kind: 'local', url: 'postgres://u@localhost/d' };
    for (const host of ['localhost:51213', 'LOCALHOST', '127.0.0.1:1', '[::1]:1']) {
      const key = encode({ databaseUrl: local.url });
      expect(readPrismaUrl(INPUT, `prisma+postgres://${host}/?api_key=${key}`)).toEqual(local);
    }
  });

  it.each([
    ['has no api_key', 'prisma+postgres://accelerate.prisma-data.net/?apikey=SECRET'],
    ['has no api_key', 'prisma+postgres://accelerate.prisma-data.net/SECRET?api_key='],
    ['has more than one api_key', 'prisma+postgres://h/?api_key=SECRET&api_key=SECRET'],
    ['is damaged', 'prisma+postgres://h/?api_key=SECRET%0D%0AHost:x'],
    ['is damaged', 'prisma+postgres://h/?api_key=SECRET+x'],
    ['is damaged', 'prisma+postgres://h/?api_key=SECR€T'],
    ['is not a prisma+postgres:// URL', 'prisma://h/?api_key=SECRET'],
    ['is not a prisma+postgres:// URL', 'prisma+postgres://[SECRET/?api_key=SECRET'],
  ])('says when it %s', (words, url) => {
    const text = errorText(() => readPrismaUrl(INPUT, url));
    expect(text).toContain(words);
    expect(text).not.toMatch(/SECR/);
  });

  it('shows nothing of its key in the error or its cause, however it is damaged (thorough)', () => {
    const broken = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.tuple(fc.base64String(), fc.base64String()).map(([a, b]) => `${a}.${b}.KEEPSECRET`),
      fc.json().map((json) => `x.${Buffer.from(json).toString('base64url')}.KEEPSECRET`),
    );
    fc.assert(
      fc.property(broken, fc.constantFrom('h', 'localhost', ''), (rest, host) => {
        try {
          readPrismaUrl(INPUT, `prisma+postgres://${host}/?api_key=KEEPSECRET${rest}`);
        } catch (error) {
          expect(error).toBeInstanceOf(UserError);
          expect(error).not.toHaveProperty('cause');
          expect(error instanceof UserError ? error.message + error.hint : '').not.toContain('KEEPSECRET');
        }
      }),
    );
  });
});
