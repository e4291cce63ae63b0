import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parseConnectionUrl } from '../../../src/postgres/url/connection-url.ts';
import { libpqSettings } from '../../../src/postgres/libpq-environment.ts';
import { LIBPQ_PARAMETERS } from '../../../src/postgres/url/parameters.ts';
import { UserError } from '../../../src/errors.ts';
import { type Database, startDatabase } from '../../support/database.ts';
import { type Attempt, psqlConnects } from '../../support/psql-connects.ts';

/** Each URL is read by a psql of its own, twice. */
const PATIENCE_MS = 600_000;
/** The same URLs on every run; another seed looks for cases that nobody has thought of. */
const SEED = Number(process.env['PARITY_SEED'] ?? 17);
const ROLES = [
  ['plain', 'secret'],
  ['a@b:c/d?e', 'p@ss:w/rd?#[]%&=+ '],
  ['Ünï "quoted"', 'ümläut%41'],
  ['empty', ''],
] as const;
const DATABASES = ['plain', 'odd db?&=#%/@:', 'Ünï', 'key=value', 'postgres://x'];

let server: Database;
beforeAll(async () => {
  server = await startDatabase();
  for (const [name, password] of ROLES) await server.createRole(name, password === '' ? {} : { password });
  for (const name of DATABASES) await server.createDatabase(name);
});
afterAll(() => server.stop());

/** What is tried on the one side and on the other; undefined where this project refuses the URL. */
function ownReading(url: string): { attempt: Attempt } | { refusal: string } {
  try {
    const { parameters, foreign } = parseConnectionUrl('connection-string', url);
    // libpq refuses what other drivers put into URLs; this project understands some of it.
    if (foreign.length > 0) return { refusal: 'foreign' };
    // libpq's own default for psql; the action has a name of its own.
    return {
      attempt: { settings: libpqSettings('connection-string', { application_name: 'psql', ...parameters }) },
    };
  } catch (error) {
    if (error instanceof UserError) return { refusal: error.message };
    throw error;
  }
}

/** Every character that needs it is percent-encoded, and some that do not. */
const encoded = (text: string): fc.Arbitrary<string> =>
  fc.array(fc.boolean(), { minLength: text.length, maxLength: text.length }).map((also) =>
    Array.from(text, (character, index) => {
      const hex = [...Buffer.from(character)]
        .map((byte) => `%${byte.toString(16).padStart(2, '0')}`)
        .join('');
      return /[A-Za-z0-9_.~-]/.test(character) && !also[index] ? character : hex;
    }).join(''),
  );

const oneOf = <T>(...values: readonly T[]) => fc.constantFrom(...values);

function urls(port: number, socketFolder: string): fc.Arbitrary<string> {
  const right = String(port);
  const credentials = oneOf<readonly [string, string]>(...ROLES).chain(([user, password]) =>
    fc.tuple(
      encoded(user),
      fc.option(oneOf(password, password, password, 'wrong').chain(encoded), { nil: undefined, freq: 9 }),
    ),
  );
  const authority = oneOf(
    `127.0.0.1:${right}`,
    `localhost:${right}`,
    `%31%32%37.0.0.1:${right}`,
    `${encodeURIComponent(socketFolder)}:${right}`,
    `127.0.0.2:${right},127.0.0.1:${right}`,
    `[::1]:${right},localhost:${right}`,
    `127.0.0.1:1,127.0.0.1:${right}`,
    `127.0.0.1,127.0.0.1:${right}`,
    `127.0.0.1,localhost`,
    `127.0.0.1:1`,
    `:${right}`,
    '',
    `[::1]:${right}`,
    `127.0.0.1,localhost:${right},${right}`,
  );
  const database = fc.option(oneOf(...DATABASES, 'postgres', 'missing').chain(encoded), {
    nil: undefined,
    freq: 9,
  });
  const parameter = oneOf<readonly [string, string]>(
    ['application_name', 'my & app'],
    ['connect_timeout', '3'],
    ['connect_timeout', 'soon'],
    ['client_encoding', 'LATIN1'],
    ['client_encoding', 'auto'],
    ['options', '-c work_mem=5MB'],
    ['options', '-c\\ bad'],
    ['sslmode', 'disable'],
    ['sslmode', 'require'],
    ['sslmode', 'bogus'],
    ['gssencmode', 'disable'],
    ['ssl', 'true'],
    ['target_session_attrs', 'read-write'],
    ['target_session_attrs', 'standby'],
    ['load_balance_hosts', 'disable'],
    ['keepalives', '0'],
    ['keepalives_idle', 'x'],
    ['tcp_user_timeout', '5000'],
    ['require_auth', 'password'],
    ['require_auth', 'scram-sha-256'],
    ['channel_binding', 'require'],
    ['user', 'plain'],
    ['password', 'secret'],
    ['dbname', 'plain'],
    ['host', '127.0.0.1'],
    ['hostaddr', '127.0.0.1'],
    ['hostaddr', '127.0.0.1,127.0.0.1'],
    ['port', right],
    ['port', '0'],
  ).chain(([name, value]) => encoded(value).map((text) => `${name}=${text}`));
  return fc
    .tuple(
      oneOf('postgres://', 'postgresql://'),
      fc.option(credentials, { nil: undefined, freq: 9 }),
      authority,
      database,
      fc.array(parameter, { maxLength: 3 }),
    )
    .map(([scheme, login, where, name, parameters]) => {
      const [user, password] = login ?? [undefined, undefined];
      const before = user === undefined ? '' : `${user}${password === undefined ? '' : `:${password}`}@`;
      return `${scheme}${before}${where}${name === undefined ? '' : `/${name}`}${parameters.length > 0 ? `?${parameters.join('&')}` : ''}`;
    });
}

interface Comparison {
  readonly url: string;
  /** The result of psql with the whole URL. */
  readonly libpq: string;
  /** The result with the parameters of this project. */
  readonly ours: string;
}

/** Tries every URL both ways. One that this project refuses counts as read alike where libpq does not connect either. */
async function compare(candidates: readonly string[]): Promise<Comparison[]> {
  const read = candidates.map((url) => ({ url, own: ownReading(url) }));
  const theirs = await psqlConnects(
    server,
    candidates.map((url) => ({ url })),
  );
  const attempts = read.flatMap(({ own }) => ('attempt' in own ? [own.attempt] : []));
  const outcomes = await psqlConnects(server, attempts);
  expect([theirs.length, outcomes.length]).toEqual([candidates.length, attempts.length]);
  const left = outcomes.values();
  return read.map(({ url, own }, index) => {
    const libpq = theirs[index] ?? '';
    const refused = 'refusal' in own && (isConnected(libpq) ? own.refusal : libpq);
    return { url, libpq, ours: refused === false ? (left.next().value ?? '') : refused };
  });
}
const isDifferent = ({ libpq, ours }: Comparison): boolean => libpq !== ours;
const isConnected = (outcome: string): boolean => outcome.startsWith("'");

describe('a URL read by this project (thorough)', () => {
  it.each([
    ['100 of them', 100],
    ['2,000 of them (thorough)', 2_000],
  ])(
    'leads to the same server as in libpq: %s',
    async (_, runs) => {
      const candidates = fc.sample(urls(server.port, server.socketFolder), { numRuns: runs, seed: SEED });
      const compared = await compare(candidates);
      expect(compared.filter(isDifferent).slice(0, 3)).toEqual([]);
      const connected = compared.filter(({ libpq }) => isConnected(libpq)).length / runs;
      // The comparison means something only if many of them connect, and many do not.
      expect(connected).toBeGreaterThan(0.1);
      expect(connected).toBeLessThan(0.9);
    },
    PATIENCE_MS,
  );

  it.each([
    ['50 broken ones', 50],
    ['1,000 broken ones (thorough)', 1_000],
  ])(
    'is refused if libpq cannot read it: %s',
    async (_, runs) => {
      const broken = fc
        .tuple(
          urls(server.port, server.socketFolder),
          fc.nat(),
          fc.nat(3),
          oneOf('%', '%zz', '@', '/', ':', '?', '&', '=', '[', ']', ',', '#', ' '),
        )
        .map(([url, at, cut, insert]) => {
          const place = 'postgresql://'.length + (at % (url.length - 'postgresql://'.length + 1));
          return url.slice(0, place) + insert + url.slice(place + cut);
        });
      const candidates = fc.sample(broken, { numRuns: runs, seed: SEED });
      // An "@" that libpq takes for a part of a host or a database is refused, because it is mostly one of a password.
      const found = (await compare(candidates))
        .filter(isDifferent)
        .filter(({ ours, libpq }) => !(isConnected(libpq) && /cannot be parsed unambiguously/.test(ours)));
      expect(found.slice(0, 3)).toEqual([]);
    },
    PATIENCE_MS,
  );

  it.each([
    ...['?', '?&', '?&&', '?gssencmode=disable&', '?gssencmode=disable&&', '?&gssencmode=disable'],
    ...[
      '?gssencmode=disable&&connect_timeout=3',
      '?gssencmode=disable&connect_timeout=3&',
      '?gssencmode',
      '?=',
      '?=&',
    ],
  ])('has the same meaning as in libpq if its parameters are %s', async (parameters) => {
    const url = `postgres://plain:secret@127.0.0.1:${server.port}/plain${parameters}`;
    expect((await compare([url])).filter(isDifferent)).toEqual([]);
  });

  it.each(Object.keys(LIBPQ_PARAMETERS))('passes %s on to the tools', async (name) => {
    // Each value makes libpq fail, or report something, in a way of its own.
    const values: Record<string, string> = {
      host: '127.0.0.9',
      hostaddr: 'not-an-address',
      port: '2',
      dbname: 'no-such',
      user: 'no-such',
      password: 'wrong',
      passfile: '/nonexistent',
      application_name: 'marked',
      client_encoding: 'LATIN1',
      options: '-c work_mem=7MB',
      sslcert: '/nonexistent',
      sslkey: '/nonexistent',
      sslrootcert: '/nonexistent',
      sslcrl: '/nonexistent',
      requirepeer: 'nobody-at-all',
      requiressl: '1',
    };
    const extra: Record<string, string> = {
      sslcert: '&sslmode=require',
      sslkey: '&sslmode=require',
      sslrootcert: '&sslmode=verify-full',
      sslcrl: '&sslmode=require',
      requirepeer: `&host=${encodeURIComponent(server.socketFolder)}`,
    };
    const value = encodeURIComponent(values[name] ?? 'bogus');
    const url = `postgres://plain:secret@127.0.0.1:${server.port}/plain?${name}=${value}${extra[name] ?? ''}`;
    const [compared] = await compare([url]);
    expect(compared?.ours).toBe(compared?.libpq);
    const plain = `postgres://plain:secret@127.0.0.1:${server.port}/plain`;
    const [unmarked] = await psqlConnects(server, [{ url: plain }]);
    const invisible = [
      'fallback_application_name',
      'gsslib',
      'krbsrvname',
      'sslpassword',
      'sslcompression',
      'sslcrldir',
      'passfile',
      'sslcrl',
      'sslcert',
      'sslkey',
      'connect_timeout',
      'gssdelegation',
      'sslsni',
    ];
    if (!invisible.includes(name) && name !== 'replication') expect(compared?.libpq).not.toBe(unmarked);
  });
});
