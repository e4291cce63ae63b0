/**
 * What package managers said in public logs, shortened; the tests play it back, because the programs themselves do
 * not run here. Where a log was about another package or version, its name is put in place, and the remark says so.
 */
export interface Recording {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

function recording(exitCode: number, stdout: string, stderr = ''): Recording {
  return { exitCode, stdout, stderr };
}

export const APK = {
  /** A build of an image from Alpine 3.21. */
  installed: recording(
    0,
    `fetch https://dl-cdn.alpinelinux.org/alpine/v3.21/main/x86_64/APKINDEX.tar.gz
fetch https://dl-cdn.alpinelinux.org/alpine/v3.21/community/x86_64/APKINDEX.tar.gz
(1/8) Installing postgresql-common (1.2-r1)
Executing postgresql-common-1.2-r1.pre-install
(2/8) Installing lz4-libs (1.10.0-r0)
(3/8) Installing libpq (17.7-r0)
(8/8) Installing postgresql17-client (17.7-r0)
Executing postgresql-common-1.2-r1.trigger
* Setting postgresql17 as the default version
WARNING: opening from cache https://dl-cdn.alpinelinux.org/alpine/v3.21/main: No such file or directory
OK: 15 MiB in 25 packages
`,
  ),
  /** Alpine 3.16 and others, about other packages. */
  noPackage: recording(
    1,
    '',
    `ERROR: unable to select packages:
  postgresql17-client (no such package):
    required by: world[postgresql17-client]
`,
  ),
  /** Alpine 3.23, on a machine whose network was not up yet, about another package. */
  noNetwork: recording(
    1,
    '',
    `WARNING: fetching https://dl-cdn.alpinelinux.org/alpine/v3.23/main/x86_64/APKINDEX.tar.gz: DNS: transient error (try again later)
ERROR: unable to select packages: postgresql17-client (no such package)
`,
  ),
  /** chainguard-images/images#298, with the exit code of therealsaumil/emux#27. */
  notRoot: recording(
    99,
    '',
    `ERROR: Unable to lock database: Permission denied
ERROR: Failed to open apk database: Permission denied
`,
  ),
  /** xoureldeen/Vectras-VM-Android#383 (Alpine 3.19). */
  anotherRuns: recording(
    99,
    '',
    `ERROR: Unable to lock database: temporary error (try again later)
ERROR: Failed to open apk database: temporary error (try again later)
`,
  ),
  /** postmarketOS/pmbootstrap#270, about another repository. */
  untrusted: recording(
    1,
    '',
    `WARNING: Ignoring https://mirror.example.com/alpine/v3.22/main/x86_64/APKINDEX.tar.gz: UNTRUSTED signature
ERROR: unable to select packages:
  postgresql17-client (no such package):
    required by: world[postgresql17-client]
`,
  ),
} as const;

export const DNF = {
  /** pgdg-packaging/pgdg-rpms#105 (AlmaLinux 10), the lines about the key. */
  installed: recording(
    0,
    `Importing GPG key 0x08B40D20:
 Userid     : "PostgreSQL RPM Repository <pgsql-pkg-yum@lists.postgresql.org>"
 Fingerprint: D4BF 08AE 67A0 B4C7 A1DB CCD2 40BC A2B4 08B4 0D20
Complete!
`,
  ),
  /** pgdg-packaging/pgdg-rpms#114 and others. */
  badIndex: recording(
    1,
    '',
    `Error: Failed to download metadata for repo 'postgres-backup-pgdg': repomd.xml GPG signature verification error: Bad GPG signature
`,
  ),
  /** ANXS/postgresql#612 (Rocky Linux 9 on aarch64). */
  badPackage: recording(
    1,
    `GPG key at https://download.postgresql.org/pub/repos/yum/keys/PGDG-RPM-GPG-KEY-RHEL (0x08B40D20) is already installed
The GPG keys listed for the "postgresql yum repo" repository are already installed but they are not correct for this package.
Check that the correct key URLs are configured for this repository.. Failing package is: postgresql17-17.9-1PGDG.rhel9.7.aarch64
`,
  ),
  /** pgcentralfoundation/pgrx#1755 (Fedora 38). */
  noRepository: recording(
    1,
    '',
    `Errors during downloading metadata for repository 'postgres-backup-pgdg':
  - Status code: 404 for https://download.postgresql.org/pub/repos/yum/17/fedora/fedora-38-x86_64/repodata/repomd.xml (IP: 87.238.57.227)
Error: Failed to download metadata for repo 'postgres-backup-pgdg': Cannot download repomd.xml: Cannot download repodata/repomd.xml: All mirrors were tried
`,
  ),
  /** openshift/jenkins#1774 (RHEL 8), about another repository. */
  noNetwork: recording(
    1,
    '',
    `Errors during downloading metadata for repository 'postgres-backup-pgdg':
  - Curl error (6): Couldn't resolve host name for https://download.postgresql.org/pub/repos/yum/17/redhat/rhel-9-x86_64/repodata/repomd.xml [Could not resolve host: download.postgresql.org]
Error: Failed to download metadata for repo 'postgres-backup-pgdg': Cannot download repomd.xml: Cannot download repodata/repomd.xml: All mirrors were tried
`,
  ),
  /** irontec/sngrep#302 (CentOS 8.1), about another package. */
  wrongHash: recording(
    1,
    `[MIRROR] postgresql17-17.9-1PGDG.rhel9.x86_64.rpm: Downloading successful, but checksum doesn't match. Calculated: e50a9686f7b91add75d32b8e1839cc9232609272(sha1)  Expected: da6b5352525c22e77f164e76d52580eeb4c35514(sha1)
[FAILED] postgresql17-17.9-1PGDG.rhel9.x86_64.rpm: No more mirrors to try - All mirrors were already tried without success
`,
    `Error: Error downloading packages:
  Cannot download postgresql17-17.9-1PGDG.rhel9.x86_64.rpm: All mirrors were tried
`,
  ),
  /** Chia-Network/chia-blockchain#7493 (Fedora 33, Rocky Linux). */
  notRoot: recording(
    1,
    '',
    'Error: This command has to be run with superuser privileges (under the root user on most systems).\n',
  ),
  /** pgdg-packaging/pgdg-rpms#155 (RHEL 9), about another package. */
  noPackage: recording(
    1,
    'No match for argument: postgresql17\n',
    'Error: Unable to find a match: postgresql17\n',
  ),
} as const;

export const BREW = {
  /** An installation of postgresql@16 16.9 on macOS 15, arm64. */
  installed: recording(
    0,
    `==> Fetching postgresql@17
==> Downloading https://ghcr.io/v2/homebrew/core/postgresql/17/blobs/sha256:8e883e6e9e7231d49b90965f42ebc53981efb02e6ed7fdcbd1ebfdc2bfb5959a
==> Pouring postgresql@17--17.5.arm64_sequoia.bottle.tar.gz
==> /opt/homebrew/Cellar/postgresql@17/17.5/bin/initdb --locale=C -E UTF-8 /opt/homebrew/var/postgresql@17
==> Caveats
This formula has created a default database cluster with:
initdb --locale=C -E UTF-8 /opt/homebrew/var/postgresql@17

postgresql@17 is keg-only, which means it was not symlinked into /opt/homebrew,
because this is an alternate version of another formula.
`,
  ),
  /** Shopify/themekit#968 (macOS 11), about another formula. */
  wrongHash: recording(
    1,
    '',
    `Error: postgresql@17: SHA256 mismatch
Expected: d96a133cc4c718081f3c16e72af6f3626c1365e0daa945be3207797d6237fede
  Actual: fa1ab7d895a5f72462ab574d533a7c7b096ddf66a091be82ea82587436d38a57
To retry an incomplete download, remove the file above.
`,
  ),
  /** petere/homebrew-postgresql#67, about another formula. */
  disabled: recording(
    1,
    '',
    'Error: postgresql@17 has been disabled because it is not supported upstream! It was disabled on 2024-10-24.\n',
  ),
  /** msitarzewski/brew-browser#34 (Homebrew 5.1), about other formulae. */
  noNetwork: recording(
    1,
    '',
    `✘ Bottle postgresql@17 (17.5)
Error: Failed to download resource "postgresql@17"
Download failed: https://ghcr.io/v2/homebrew/core/postgresql/17/blobs/sha256:8e883e6e9e7231d49b90965f42ebc53981efb02e6ed7fdcbd1ebfdc2bfb5959a
curl: (6) Could not resolve host: ghcr.io
`,
  ),
  /** Homebrew/brew#2167. */
  asRoot: recording(
    1,
    '',
    `Error: Running Homebrew as root is extremely dangerous and no longer supported.
As Homebrew does not drop privileges on installation you would be giving all
build scripts full access to your system.
`,
  ),
} as const;
