import { win32 } from 'node:path';

/**
 * Where packages and installers put PostgreSQL's programs, the surest first: Debian and Ubuntu, PGDG's RPMs, Alpine,
 * Homebrew (kegs are not linked into PATH), Postgres.app, the EDB installers.
 *
 * @param programFiles %ProgramFiles% on Windows.
 * @returns folders in which `{major}` stands for the major version.
 */
export function packageFolders(platform: NodeJS.Platform, programFiles: string | undefined): string[] {
  if (platform === 'win32')
    return [win32.join(programFiles ?? 'C:\\Program Files', 'PostgreSQL', '{major}', 'bin')];
  if (platform === 'darwin') {
    return [
      ...homebrewKegs('/opt/homebrew'),
      ...homebrewKegs('/usr/local'),
      '/Applications/Postgres.app/Contents/Versions/{major}/bin',
      '/Library/PostgreSQL/{major}/bin',
    ];
  }
  return [
    '/usr/lib/postgresql/{major}/bin',
    '/usr/pgsql-{major}/bin',
    '/usr/libexec/postgresql{major}',
    ...homebrewKegs('/home/linuxbrew/.linuxbrew'),
    '/usr/bin',
  ];
}

function homebrewKegs(prefix: string): string[] {
  return [`${prefix}/opt/postgresql@{major}/bin`, `${prefix}/opt/libpq/bin`];
}
