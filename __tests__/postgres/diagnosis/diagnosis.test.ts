import { describe, expect, it } from '@jest/globals';
import { diagnose, diagnosedError } from '../../../src/postgres/diagnosis/diagnosis.ts';
import { errorLines } from '../../../src/postgres/diagnosis/error-lines.ts';
import { failuresIn } from '../../../src/postgres/diagnosis/failures.ts';
import { LOST_CONNECTION_RULES } from '../../../src/postgres/diagnosis/network-rules.ts';
import { RULES } from '../../../src/postgres/diagnosis/rules.ts';

const DENIED = 'pg_dump: error: query failed: ERROR:  permission denied for table';

describe('the diagnosis', () => {
  it('explains the last failure that a rule matches', () => {
    const early = 'psql:<stdin>:1: ERROR:  prepared statement "a" does not exist';
    const last = 'psql:<stdin>:2: ERROR:  permission denied for table orders';
    expect(diagnose(`${early}\n${last}\n`).cause).toBe(
      'The user lacks the privilege to read the table orders.',
    );
  });

  it.each([
    ['pg_dump: warning: out of memory'],
    ['pg_dump: WARNING:  out of shared memory'],
    ['psql:<stdin>:1: NOTICE:  out of shared memory'],
  ])('ignores a warning before or after an error: %s', (warning) => {
    for (const stderr of [`${warning}\n${DENIED} orders`, `${DENIED} orders\n${warning}`]) {
      expect(diagnose(stderr).cause).toBe('The user lacks the privilege to read the table orders.');
    }
  });

  it.each([
    ['could not write to file: No space left on device', 'The disk of the runner is full.'],
    ['something that nobody knows', 'pg_dump: error: something that nobody knows'],
    ['could not obtain lock on relation "shop.orders"', /^A worker of pg_dump could not lock/],
  ])('explains what a worker says, not that it is gone: %s', (said, cause) => {
    const stderr = `pg_dump: error: ${said}\npg_dump: error: a worker process died unexpectedly\n`;
    expect(diagnose(stderr).cause).toEqual(typeof cause === 'string' ? cause : expect.stringMatching(cause));
  });

  it('explains a lock that a worker cannot get by the end of its session, where that is said', () => {
    const stderr = [
      'pg_dump: FATAL:  terminating connection due to conflict with recovery',
      'pg_dump: error: could not obtain lock on relation "shop.orders"',
      'pg_dump: error: a worker process died unexpectedly',
    ].join('\n');
    expect(diagnose(stderr).cause).toMatch(/^The standby had to apply changes/);
  });

  it('explains why a connection was lost', () => {
    const stderr = [
      'psql:<stdin>:3: FATAL:  terminating connection due to idle-in-transaction timeout',
      'psql:<stdin>:3: server closed the connection unexpectedly',
      '\tThis probably means the server terminated abnormally',
      'psql:<stdin>:3: error: connection to server was lost',
    ].join('\n');
    expect(diagnose(stderr)).toMatchObject({
      cause: expect.stringMatching(/idle_in_trans/),
      transient: false,
    });
  });

  it.each([
    ['password authentication failed for user "root"'],
    ['No space left on device'],
    ['the database system is starting up'],
    ['Connection refused'],
  ])('does not mistake the name of a table for a message: %s', (name) => {
    const told = `pg_dump: dumping contents of table "public.${name}"\npg_dump: reading ERROR:  ${name}\n${DENIED} ${name}`;
    expect(diagnose(told).cause).toBe(`The user lacks the privilege to read the table ${name}.`);
    expect(diagnose(told).transient).toBe(false);
  });

  it.each<[string, string, RegExp, RegExp, boolean]>([
    [
      'postgres',
      'Name or service not known',
      /"postgres" is not known to DNS/,
      /5432:5432.*127\.0\.0\.1/,
      false,
    ],
    [
      'db',
      'Temporary failure in name resolution',
      /"db" could not be resolved/,
      /5432:5432.*127\.0\.0\.1/,
      true,
    ],
    ['host.docker.internal', 'Name or service not known', /not known on this machine/, /127\.0\.0\.1/, false],
    [
      'db.example.com',
      'Name or service not known',
      /"db\.example\.com" is not known/,
      /Correct the host/,
      false,
    ],
  ])(
    'says how a service is reached if the host %s cannot be resolved (%s)',
    (host, why, cause, hint, transient) => {
      const found = diagnose(`psql: error: could not translate host name "${host}" to address: ${why}`);
      expect(found.cause).toMatch(cause);
      expect(found.hint).toMatch(hint);
      expect(found.transient).toBe(transient);
    },
  );

  it('does not mistake a query for a message', () => {
    const stderr =
      'pg_dump: error: query failed: ERROR:  new\npg_dump: detail: Query was: COPY\nout of shared memory';
    expect(diagnose(stderr).cause).toMatch(/^The server reports an error\. /);
  });

  it('shortens long names and lists, and keeps their characters whole', () => {
    const tables = Array.from({ length: 500 }, (_, index) => `public.täble_${index}`).join(', ');
    const stderr =
      'pg_dump: error: query failed: ERROR:  canceling statement due to statement timeout\n' +
      `pg_dump: detail: Query was: LOCK TABLE ${tables} IN ACCESS SHARE MODE\n`;
    expect(diagnose(stderr).cause).toMatch(
      /^Timed out waiting for a lock on one of the tables public\.täble_0, .{150,200}…/,
    );
    expect(diagnose(`${DENIED} ${'😀'.repeat(300)}`).cause).toBe(
      `The user lacks the privilege to read the table ${'😀'.repeat(200)}….`,
    );
    expect(diagnose(`pg_dump: error: ${'x'.repeat(9_000)}`).cause.length).toBeLessThan(600);
  });

  it('quotes names unchanged, whatever characters they contain', () => {
    expect(diagnose(`${DENIED} $1$&$q`).cause).toBe('The user lacks the privilege to read the table $1$&$q.');
  });

  it('shows the last error if no rule matches, and does not call it transient', () => {
    const stderr = 'pg_dump: reading schemas\npg_dump: error: something new\npg_dump: closing\n';
    expect(diagnose(stderr)).toMatchObject({ cause: 'pg_dump: error: something new', transient: false });
    expect(diagnose('').cause).toContain('no error message');
  });

  it('reads the line ends of Windows, and the names of its programs', () => {
    const stderr = 'C:\\pg\\bin\\pg_dump.exe: error: query failed: ERROR:  permission denied for table t\r\n';
    expect(diagnose(stderr).cause).toBe('The user lacks the privilege to read the table t.');
  });

  it('becomes an error that names the failed step, with the output as its cause', () => {
    const error = diagnosedError('dump-failed', 'pg_dump failed', `pg_dump: saving\n${DENIED} t`);
    expect(error.message).toBe('pg_dump failed: The user lacks the privilege to read the table t.');
    expect(error.cause).toMatchObject({ message: expect.stringMatching(/^pg_dump: error:/) });
  });
});

/** The parts of a pattern between the bars that stand outside of all brackets. */
function alternatives(source: string): string[] {
  const parts = [''];
  let depth = 0;
  for (const token of source.match(/\\.|[^\\]/gu) ?? []) {
    if (token === '(' || token === '[') depth++;
    if (token === ')' || token === ']') depth--;
    if (token === '|' && depth === 0) parts.push('');
    else parts.push(`${parts.pop() ?? ''}${token}`);
  }
  return parts;
}

describe('the rules', () => {
  it('match a message from its start, so that no name can look like one', () => {
    const free = [...RULES, ...LOST_CONNECTION_RULES]
      .flatMap(({ pattern }) => alternatives(pattern.source))
      .filter((source) => !source.startsWith('^'));
    expect(free).toEqual([]);
  });

  it('have a complete sentence for each cause, and a hint that says what to do', () => {
    for (const { cause, hint } of RULES) {
      expect(cause).toMatch(/[.\d]$/);
      expect(hint).toMatch(/^.{10,}[.?]$/);
    }
  });
});

describe('the failures in what a tool printed', () => {
  it('are its messages with their lines, without the verbose output', () => {
    const stderr = [
      'pg_dump: reading schemas',
      'pg_dump: error: query failed: ERROR:  out of shared memory',
      'HINT:  You might need to increase "max_locks_per_transaction".',
      'pg_dump: detail: Query was: LOCK TABLE public.a,',
      '  public.b IN ACCESS SHARE MODE',
      'pg_dump: closing',
      'not a line of any message',
    ].join('\n');
    expect(failuresIn(stderr)).toMatchObject([
      {
        complaints: [
          { from: 'server', text: 'out of shared memory', address: '' },
          { from: 'tool', text: expect.stringMatching(/^HINT: /), address: '' },
        ],
        query: 'LOCK TABLE public.a,\n  public.b IN ACCESS SHARE MODE',
      },
    ]);
  });

  it('keep each address that libpq tried', () => {
    const at = (address: string, reason: string) =>
      `connection to server at "db.example.com" (${address}), port 5432 failed: ${reason}`;
    const stderr = `psql: error: ${at('2001:db8::1', 'Network is unreachable')}\n\tIs the server running?\n${at('192.0.2.1', 'FATAL:  no')}`;
    expect(failuresIn(stderr)[0]?.complaints).toMatchObject([
      {
        from: 'tool',
        text: 'Network is unreachable',
        address: 'at "db.example.com" (2001:db8::1), port 5432',
      },
      { from: 'tool', text: 'Is the server running?' },
      { from: 'server', text: 'no', address: 'at "db.example.com" (192.0.2.1), port 5432' },
    ]);
  });
});

describe('the lines for the log', () => {
  it('are errors and warnings, twenty at most', () => {
    const noise = Array.from(
      { length: 50 },
      (_, index) => `pg_dump: warning: ${index}\npg_dump: reading`,
    ).join('\n');
    expect(errorLines(noise)).toHaveLength(20);
    expect(errorLines(noise).every((line) => line.includes('warning'))).toBe(true);
  });

  it('include every address that was tried', () => {
    const second = 'connection to server at "h" (192.0.2.1), port 5432 failed: timeout expired';
    expect(errorLines(`psql: error: ${second}\n\tIs it?\n${second}`)).toHaveLength(2);
  });
});
