import { describe, expect, it } from '@jest/globals';
import { ANY_SERVER, settingsFor } from '../../src/postgres/session-settings.ts';

function optionsFor(major: number, isSuperuser: boolean, own?: string): string {
  return settingsFor({ major, isSuperuser }, own === undefined ? {} : { PGOPTIONS: own })['PGOPTIONS'] ?? '';
}

describe('the settings of a session', () => {
  it('follow the options of the user, so that they win over those', () => {
    const options = optionsFor(17, false, '-c role=owner -c bytea_output=escape');
    expect(options).toMatch(/^-c role=owner -c bytea_output=escape -c bytea_output=hex -c /);
    expect(options.slice(options.indexOf('hex'))).not.toContain('escape');
  });

  it('escape the spaces of a value, and have none that is empty', () => {
    expect(optionsFor(17, false)).toContain(String.raw`-c default_transaction_isolation=read\ committed -c `);
    expect(optionsFor(17, false)).toMatch(/ -c default_tablespace= -c /);
  });

  it.each([
    [13, ['idle_in_transaction_session_timeout']],
    [14, ['idle_in_transaction_session_timeout', 'idle_session_timeout']],
    [17, ['idle_in_transaction_session_timeout', 'idle_session_timeout', 'transaction_timeout']],
    [ANY_SERVER.major, []],
  ])('contain only what PostgreSQL %i knows', (major, timeouts) => {
    const named = [...optionsFor(major, false).matchAll(/-c (\w*(?:idle|transaction)\w*_timeout)=0/g)];
    expect(named.map(([, name]) => name)).toEqual(timeouts);
  });

  it('contain what only a superuser may set for a superuser alone', () => {
    expect(optionsFor(17, true)).toContain('-c session_replication_role=origin');
    expect(optionsFor(17, false)).not.toMatch(/session_replication_role|lc_messages|zero_damaged_pages/);
  });
});
