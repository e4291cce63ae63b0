/** An official archive of PostgreSQL's programs for Windows. */
export interface EdbBuild {
  readonly version: string;
  readonly url: string;
  /** Of the archive, in hexadecimal. */
  readonly sha256: string;
}

/**
 * The archives that EDB makes for the PostgreSQL project (www.enterprisedb.com/download-postgresql-binaries), one of
 * each major version, with their SHA-256.
 *
 * EDB publishes no checksums. These are the ones by which the package manager Scoop verifies the same
 * files (github.com/ScoopInstaller/Main and /Versions, August 2026), where they were computed and reviewed
 * independently of this action. To update a version, change all three values of its line.
 */
export const EDB_BUILDS: ReadonlyMap<number, EdbBuild> = new Map([
  [13, build('13.23', 'b669f3e67ae20ea25d79b708e63e9237140775daceff092fc58a73206f63c3a7')],
  [14, build('14.24', '7d49a448d8bda9bb56febd44f57b9cebfe8e9728428334bd25475cbc860ed969')],
  [15, build('15.19', 'cc54e2d349f48c7743ad0c509b755ea565ff04bb5c5e71745d114074cab0c453')],
  [16, build('16.15', '25e6fcdfb8caec38691bf461125e7564508760666f7b8e5dc6a5f0818f58f81e')],
  [17, build('17.11', '6eabdf00d2893713b75db4336a23c3fdf505f056e217ec6e2e95d901750cfea3')],
  [18, build('18.6', 'fbe23da234ee31547bf8a36d29dfd81e82b849df2d2b78d2eecb43d360252f8c')],
]);

function build(version: string, sha256: string): EdbBuild {
  const name = `postgresql-${version}-1-windows-x64-binaries.zip`;
  return { version, url: `https://get.enterprisedb.com/postgresql/${name}`, sha256 };
}
