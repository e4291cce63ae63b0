import { describe, expect, it } from '@jest/globals';
import { withoutPasswords } from '../../../src/tools/debian/apt.ts';
import { aptEnvironment, parseAptSettings } from '../../../src/tools/debian/apt-state.ts';
import { statusForResolving } from '../../../src/tools/debian/dependencies.ts';
import { sourceList } from '../../../src/tools/debian/pgdg.ts';
import { parseMirror } from '../../../src/tools/debian/mirror-url.ts';
import { debianMirror } from '../../support/debian-packages.ts';

describe("the machine's own apt settings", () => {
  const dump = [
    'APT::Architecture "arm64";',
    'APT::Update::Post-Invoke:: "rm -f /var/cache/apt/*.bin";',
    'Dir::Etc::sourceparts "sources.list.d";',
    'Acquire "";',
    'Acquire::http "";',
    'Acquire::http::Proxy "http://proxy:3128/";',
    'Acquire::http::Proxy::mirror.example.com "DIRECT";',
    'Acquire::https::Proxy "";',
    'Acquire::https::mirror.example.com::CAInfo "/etc/ssl/own.pem";',
    'Acquire::http::Proxy-Auto-Detect "/usr/bin/find-proxy";',
    'Acquire::ForceIPv4 "true";',
    'Acquire::https::Verify-Peer "false";',
    'Acquire::AllowInsecureRepositories "true";',
    'Acquire::Check-Valid-Until "false";',
  ].join('\n');

  it('are used for the network, but not if they run commands or weaken checks', () => {
    expect(parseAptSettings(dump)).toEqual({
      architecture: 'arm64',
      network: [
        'Acquire::http::Proxy "http://proxy:3128/";',
        'Acquire::http::Proxy::mirror.example.com "DIRECT";',
        'Acquire::https::mirror.example.com::CAInfo "/etc/ssl/own.pem";',
        'Acquire::http::Proxy-Auto-Detect "/usr/bin/find-proxy";',
        'Acquire::ForceIPv4 "true";',
      ],
      dates: ['Acquire::Check-Valid-Until "false";'],
    });
  });
});

describe("the environment of apt's programs", () => {
  it("contains the job's proxies in lower case, and no other variable of the job", () => {
    const job = { HTTPS_PROXY: 'http://p:1', no_proxy: 'localhost', GITHUB_TOKEN: 's3cret', PATH: '/evil' };
    expect(aptEnvironment('/w', job)).toEqual({
      PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
      HOME: '/w',
      TMPDIR: '/w/tmp',
      LANG: 'C',
      LC_ALL: 'C',
      DEBIAN_FRONTEND: 'noninteractive',
      APT_CONFIG: '/w/etc/private.conf',
      https_proxy: 'http://p:1',
      no_proxy: 'localhost',
    });
  });
});

describe('the source list', () => {
  it('contains one suite of one mirror, for one processor', () => {
    expect(sourceList(parseMirror('https://m.example/pgdg'), 'noble-pgdg', 'amd64')).toBe(
      'Types: deb\nURIs: https://m.example/pgdg\nSuites: noble-pgdg\nComponents: main\nArchitectures: amd64\n',
    );
  });
});

describe("the copy of dpkg's status for apt", () => {
  const installed = (name: string, more = ''): string =>
    `Package: ${name}\nStatus: install ok installed\n${more}Version: 1`;

  it("lists Debian's wrapper as installed, so that Perl is not downloaded", () => {
    const shown = statusForResolving(`${installed('libc6')}\n`);
    expect(shown).toMatch(/^Package: libc6\n.*\nVersion: 1\n\nPackage: postgresql-client-common\n/);
    expect(shown).toContain('\n\nPackage: sensible-utils\n');
  });

  it('contains the installed packages, without their dependencies', () => {
    const real = [
      installed('postgresql-client-common', 'Pre-Depends: a\n'),
      installed('sensible-utils'),
      installed('libpq-dev', 'Depends: libpq5 (= 15.1),\n libssl-dev\nConflicts: x\nSection: libs\n'),
    ];
    expect(statusForResolving(`${real.join('\n\n')}\n`)).toBe(
      `${[installed('postgresql-client-common'), installed('sensible-utils'), installed('libpq-dev', 'Section: libs\n')].join('\n\n')}\n`,
    );
  });

  it('does not contain removed packages', () => {
    const removed = 'Package: libreadline8\nStatus: deinstall ok config-files\nVersion: 1';
    expect(statusForResolving(`${removed}\n\n${installed('libc6')}\n`)).not.toContain('libreadline8');
  });
});

describe('the output of apt', () => {
  it('is reported without user names and passwords', () => {
    expect(withoutPasswords('E: http://ci:s3cret@m.example/x via http://u@p:1')).toBe(
      'E: http://m.example/x via http://p:1',
    );
  });
});

describe("the tests' own Debian mirror", () => {
  it.each([
    ['Types: deb\nURIs: http://m/debian-security\n\nURIs: http://m/debian\n', 'http://m/debian'],
    ['deb [arch=amd64 signed-by=/k] https://n/debian/ bookworm main', 'https://n/debian/'],
    ['# deb http://old/debian x main\ndeb http://m/debian bookworm main', 'http://m/debian'],
  ])('is read from %j', (sources, mirror) => {
    expect(debianMirror(sources)).toBe(mirror);
  });
});
