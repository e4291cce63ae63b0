import { describe, expect, it } from '@jest/globals';
import { type AptTask, explainAptFailure } from '../../../src/tools/debian/apt-failure.ts';
import { parseMirror, pgdgMirror } from '../../../src/tools/debian/mirror-url.ts';

const CUSTOM: AptTask = {
  wanted: 'PostgreSQL 17 client tools',
  mirror: parseMirror('http://m.example/pgdg'),
  suite: 'bookworm-pgdg',
  packages: ['postgresql-client-17', 'libpq5'],
  fingerprint: 'ABCD',
};
const OFFICIAL: AptTask = { ...CUSTOM, mirror: pgdgMirror(true) };
const INRELEASE = 'http://m.example/pgdg/dists/bookworm-pgdg/InRelease';

// What apt says, written down from its sources and from runs of apt 2.6; that of apt 3 was not recorded from a run.
// The installations in pgdg.test.ts and faults.test.ts make the apt of this machine say most of it itself.
describe('an error of apt is explained as', () => {
  it.each([
    ['another key', `W: GPG error: ${INRELEASE}: NO_PUBKEY 3C57690B41E4A285`, /not signed by the key ABCD/],
    [
      'another key (apt 3)',
      `E: Sub-process /usr/bin/sqv returned an error code (1), error message is: Missing key 3C57`,
      /not signed by/,
    ],
    ['an old index', `E: Release file for ${INRELEASE} is expired (invalid since 3d).`, /has expired/],
    [
      'wrong bytes',
      'E: Failed to fetch http://m.example/x.deb  Hash Sum mismatch',
      /does not match the hash in the signed index/,
    ],
    [
      'a short file',
      'E: Failed to fetch http://m.example/x.deb  File has unexpected size (5 != 7). Mirror sync in progress?',
      /does not match the hash in the signed index/,
    ],
    [
      'no name',
      `E: Failed to fetch ${INRELEASE}  Could not resolve 'm.example'`,
      /name could not be resolved/,
    ],
    [
      'no answer',
      `E: Failed to fetch ${INRELEASE}  Could not connect to m.example:80, connection timed out`,
      /could not be reached/,
    ],
    [
      'a failing server',
      `E: Failed to fetch ${INRELEASE}  503  Service Unavailable [IP: 10.0.0.1 80]`,
      /failed to respond/,
    ],
    ['no entry', `E: Failed to fetch ${INRELEASE}  403  Forbidden [IP: 10.0.0.1 80]`, /denied access/],
    ['a proxy', `E: Failed to fetch ${INRELEASE}  407  Proxy Authentication Required`, /the proxy requires/],
    [
      'an unknown certificate',
      `E: Failed to fetch ${INRELEASE}  Certificate verification failed: The certificate is NOT trusted.`,
      /certificate is not trusted/,
    ],
    [
      'no suite',
      "E: The repository 'http://m.example/pgdg bookworm-pgdg Release' does not have a Release file.",
      /no suite bookworm-pgdg/,
    ],
    [
      'a missing file',
      'E: Failed to fetch http://m.example/x.deb  404  Not Found [IP: 10.0.0.1 80]',
      /files that its index lists are missing/,
    ],
    ['no package', 'E: Unable to locate package postgresql-client-17', /no package postgresql-client-17 in/],
    ['a full disk', 'E: Write error - write (28: No space left on device)', /disk is full/],
    ['anything else, in its own words', 'E: Sub-process froze over', /: Sub-process froze over\.$/],
  ])('%s', (_, said, message) => {
    const error = explainAptFailure(`Reading package lists...\n${said}\nexit code 100`, CUSTOM);
    expect(error.message).toMatch(
      /^PostgreSQL 17 client tools could not be downloaded from http:\/\/m\.example\/pgdg: /,
    );
    expect(error.message).toMatch(message);
    expect(error.hint.length).toBeGreaterThan(40);
    expect(error.cause).toEqual(new Error(said));
  });

  it('a problem of the mirror if apt-mirror is set, else of the network or PGDG', () => {
    const said = 'E: Failed to fetch x  Could not resolve host';
    expect(explainAptFailure(said, CUSTOM).hint).toContain('Check the apt-mirror URL');
    expect(explainAptFailure(said, OFFICIAL).hint).toContain('set apt-mirror to a mirror');
  });

  it('a bad signature, even if it caused other errors as well', () => {
    const said = `W: GPG error: ${INRELEASE}: BADSIG 3C57\nE: The repository does not have a Release file.`;
    expect(explainAptFailure(said, CUSTOM).message).toMatch(/is not signed by/);
  });
});
