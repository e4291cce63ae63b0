import { execFile } from 'node:child_process';
import { copyFile, cp, mkdir, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { keptFolder } from './build-cache.ts';
import { processor, testClientTools } from './client-tools.ts';
import { changeOwner, openForReading, serverUser } from './database-folders.ts';
import type { Database } from './database.ts';
import { downloadDebianPackages, downloadDebianSource } from './debian-packages.ts';

const execute = promisify(execFile);

/** The releases of Debian whose sources are tried, the best first; the tests of 15 run on a newer server too. */
const SOURCES = [
  ['trixie', 'postgresql-17'],
  ['bookworm', 'postgresql-15'],
] as const;
const HEADERS = ['trixie', 'postgresql-server-dev-17'] as const;

/** As `pg_regress` sets them, which the tests are written for. */
const SETTINGS = {
  PGTZ: 'PST8PDT',
  PGDATESTYLE: 'Postgres, MDY',
  PGOPTIONS: '-c intervalstyle=postgres_verbose',
};

/**
 * The folder of PostgreSQL's regression tests (`src/test/regress`), and in it `regress.so`, their own functions in C,
 * where a C compiler is there. Fetched once (about 10 s), then kept.
 *
 * @throws Error when no release of Debian on the machine's mirror has the sources.
 */
export async function regressionSources(): Promise<string> {
  return keptFolder(`regression-sources-1-${processor().debian}`, async (folder) => {
    const work = join(folder, 'work');
    const tar = await sourceArchive(work);
    const only = ['sql', 'data', 'parallel_schedule', 'regress.c'].map(
      (name) => `*/src/test/regress/${name}`,
    );
    const words = ['--no-same-owner', '--strip-components=4', '--wildcards', ...only];
    await execute('tar', ['-xf', tar, '-C', folder, ...words]);
    await compile(folder, join(work, 'headers')).catch((error: unknown) => {
      console.warn(`The regression tests run without their functions in C: ${String(error)}`);
    });
    await rm(work, { recursive: true, force: true });
  });
}

async function sourceArchive(work: string): Promise<string> {
  const failures: unknown[] = [];
  for (const [suite, name] of SOURCES) {
    const folder = join(work, suite);
    try {
      await mkdir(folder, { recursive: true });
      const file = (await downloadDebianSource(suite, name, folder)).find((path) =>
        path.includes('.orig.tar.'),
      );
      if (file === undefined) throw new Error(`${name} has no original archive`);
      return file;
    } catch (error) {
      failures.push(error);
    }
  }
  throw new AggregateError(failures, 'No release of Debian has the sources of PostgreSQL.');
}

async function compile(folder: string, work: string): Promise<void> {
  const [suite, name] = HEADERS;
  await mkdir(work, { recursive: true });
  const [file = ''] = await downloadDebianPackages(suite, [name], work);
  await execute('dpkg-deb', ['--extract', file, join(work, 'root')]);
  const include = join(work, 'root/usr/include/postgresql/17/server');
  // Those of 15 lack an #include that the headers of 17 expect.
  const words = [
    '-shared',
    '-fPIC',
    '-O1',
    '-w',
    '-I',
    include,
    '-include',
    'postgres.h',
    '-include',
    'utils/array.h',
  ];
  await execute('cc', [...words, '-o', join(folder, 'regress.so'), join(folder, 'regress.c')]);
}

/**
 * Makes a database as PostgreSQL's own tests leave it behind, with some 600 tables: by all of their scripts, one after
 * the other, whatever they print. For a server of 17 (about 45 s).
 *
 * @param sources of {@link regressionSources}.
 */
export async function fillRegression(server: Database, database: string, sources: string): Promise<void> {
  // The server reads files of them too.
  const folder = join(dirname(server.dataDirectory), 'regress');
  const results = join(folder, 'results');
  await cp(sources, folder, { recursive: true });
  await mkdir(results);
  const [found] = await server.query(`SELECT setting FROM pg_config WHERE name = 'PKGLIBDIR'`);
  for (const name of ['autoinc.so', 'refint.so'])
    await copyFile(join(String(found?.['setting']), name), join(folder, name));
  openForReading(folder);
  const user = serverUser();
  if (user) changeOwner(results, user);
  const { psql } = await testClientTools();
  const env = {
    ...SETTINGS,
    PGHOST: server.host,
    PGPORT: String(server.port),
    PGUSER: server.user,
    PGPASSWORD: server.password,
    PGDATABASE: database,
    PG_ABS_SRCDIR: folder,
    PG_ABS_BUILDDIR: folder,
    PG_LIBDIR: folder,
    PG_DLSUFFIX: '.so',
  };
  const schedule = await readFile(join(folder, 'parallel_schedule'), 'utf8');
  for (const [, names = ''] of schedule.matchAll(/^test: *(.*)$/gm)) {
    for (const name of names.split(/\s+/)) {
      const file = join(folder, 'sql', `${name}.sql`);
      await execute(
        psql,
        [
          '-X',
          '-q',
          '-v',
          'HIDE_TABLEAM=on',
          '-v',
          'HIDE_TOAST_COMPRESSION=on',
          '-o',
          '/dev/null',
          '-f',
          file,
        ],
        {
          env,
          cwd: folder,
          maxBuffer: 64 * 1024 * 1024,
        },
      );
    }
  }
}
