import { describe, expect, it } from '@jest/globals';
import { diagnose, diagnosedError, errorLines } from '../../src/connection/diagnosis.ts';

const AT = 'connection to server at "db.example.com" (192.0.2.1), port 5432 failed:';

// Recorded wording of psql and pg_dump 17; the scenarios provoke the most frequent ones for real.
describe('the diagnosis of what the tools print', () => {
  it.each([
    [`psql: error: ${AT} FATAL:  password authentication failed for user "app"`, 'the user "app"', false],
    [`psql: error: ${AT} fe_sendauth: no password supplied`, 'asks for a password', false],
    [`psql: error: ${AT} FATAL:  role "app" does not exist`, 'no user "app"', false],
    [`psql: error: ${AT} FATAL:  database "shop" does not exist`, 'no database "shop"', false],
    [
      `psql: error: ${AT} FATAL:  no pg_hba.conf entry for host "192.0.2.7", user "a", database "b", no encryption`,
      'encrypted',
      false,
    ],
    [`psql: error: ${AT} server does not support SSL, but SSL was required`, 'asks for TLS', false],
    [`psql: error: ${AT} SSL error: certificate verify failed`, 'could not be verified', false],
    [
      'psql: error: could not translate host name "nope.example" to address: Name or service not known',
      '"nope.example"',
      false,
    ],
    [
      'psql: error: could not translate host name "h" to address: Temporary failure in name resolution',
      'temporary DNS',
      true,
    ],
    [
      `psql: error: ${AT} Connection refused\n\tIs the server running on that host and accepting TCP/IP connections?`,
      'Nothing accepts',
      true,
    ],
    [`psql: error: ${AT} FATAL:  the database system is starting up`, 'starting up', true],
    [`psql: error: ${AT} FATAL:  sorry, too many clients already`, 'no free connection', true],
    [`psql: error: ${AT} server closed the connection unexpectedly`, 'closed the connection', true],
    [`psql: error: ${AT} timeout expired`, 'did not answer', true],
    [
      `psql: error: connection to server at "h" (2001:db8::1), port 5432 failed: Network is unreachable`,
      'cannot be reached',
      false,
    ],
    ['pg_dump: error: could not write to file: No space left on device', 'disk of the runner is full', false],
    [
      'pg_dump: error: no matching tables were found for pattern "shop.typo"',
      'tables input matches nothing',
      false,
    ],
    [
      'pg_dump: error: no matching schemas were found for pattern "typo"',
      'schemas input matches nothing',
      false,
    ],
    [
      'pg_dump: error: query failed: ERROR:  permission denied for table orders',
      'may not read the table orders',
      false,
    ],
    [
      'pg_dump: error: query would be affected by row-level security policy for table "t"',
      'Row-level security',
      false,
    ],
    [
      'pg_dump: error: server version: 18.1; pg_dump version: 17.11\npg_dump: error: aborting because of server version mismatch',
      'newer',
      false,
    ],
  ])('%s', (stderr, cause, transient) => {
    const diagnosis = diagnose(stderr);
    expect(diagnosis.cause).toContain(cause);
    expect(diagnosis.transient).toBe(transient);
    expect(diagnosis.hint.length).toBeGreaterThan(10);
  });

  it('shows the last error where it knows no rule, and does not try again', () => {
    const stderr = 'pg_dump: reading schemas\npg_dump: error: something new\npg_dump: closing\n';
    expect(diagnose(stderr)).toMatchObject({ cause: 'pg_dump: error: something new', transient: false });
    expect(diagnose('').cause).toContain('no reason');
  });

  it('becomes an error that names the part and keeps what was printed as its cause', () => {
    const error = diagnosedError(
      'pg_dump failed',
      'pg_dump: saving\npg_dump: error: query failed: ERROR:  permission denied for table t',
    );
    expect(error.message).toBe('pg_dump failed: The user may not read the table t.');
    expect(error.cause).toMatchObject({ message: expect.stringMatching(/^pg_dump: error:/) });
  });

  it('keeps the lines that tell of trouble, twenty at the most', () => {
    const noise = Array.from(
      { length: 50 },
      (_, index) => `pg_dump: warning: ${index}\npg_dump: reading`,
    ).join('\n');
    expect(errorLines(noise)).toHaveLength(20);
    expect(errorLines(noise).every((line) => line.includes('warning'))).toBe(true);
  });
});
