import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LibpqSettings } from '../../src/postgres/libpq-environment.ts';
import { testClientTools } from './client-tools.ts';
import type { Database } from './database.ts';

/** One connection to try: a whole URL, as libpq takes it, or what this project makes of it. */
export type Attempt = { readonly url: string } | { readonly settings: LibpqSettings };

const MARK = '#outcome#';
const REPORT = `SELECT current_setting('application_name') AS a, current_setting('client_encoding') AS c,
 current_setting('work_mem') AS w, (SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()) AS s \\gset r_
\\warn :'HOST' :'PORT' :'USER' :'DBNAME' :'r_a' :'r_c' :'r_w' :'r_s'
`;

/** How many attempts one psql is given; it ends at the first that fails. */
const BATCH = 25;
const WORKERS = 3;

/**
 * Connects again and again within a few psql processes, which is fast enough for thousands of attempts, and tells for
 * each what psql says that it is connected to, or its error.
 */
export async function psqlConnects(server: Database, attempts: readonly Attempt[]): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'connects-'));
  try {
    const scripts = await Promise.all(
      attempts.map((attempt, index) => connectScript(attempt, folder, index)),
    );
    const outcomes = Array.from(attempts, () => '');
    const starts = Array.from({ length: Math.ceil(scripts.length / BATCH) }, (_, batch) => batch * BATCH);
    const worker = async (): Promise<void> => {
      for (let start = starts.shift(); start !== undefined; start = starts.shift()) {
        const batch = scripts.slice(start, start + BATCH);
        for (let done = 0; done < batch.length;) {
          const reached = outcomesOf(await runScript(server, batch.slice(done).join(''), folder));
          if (reached.length === 0) throw new Error('psql ended before its first attempt.');
          outcomes.splice(start + done, reached.length, ...reached);
          done += reached.length;
        }
      }
    };
    await Promise.all(Array.from({ length: WORKERS }, worker));
    return outcomes;
  } finally {
    await rm(folder, { recursive: true });
  }
}

function outcomesOf(stderr: string): string[] {
  return stderr
    .split(`${MARK}\n`)
    .slice(1)
    .map((outcome) => outcome.replaceAll(/^psql:<stdin>:\d+: /gm, '').trim());
}

async function connectScript(attempt: Attempt, folder: string, index: number): Promise<string> {
  const connect = (target: string): string => `\\connect -reuse-previous=off ${quoted(target)}\n${REPORT}`;
  // What the last attempt left must not be told for this one.
  const start = `\\warn ${MARK}\n${['a', 'c', 'w', 's'].map((name) => `\\unset r_${name}\n`).join('')}`;
  if ('url' in attempt) return start + connect(attempt.url);
  const file = join(folder, `service-${index}`);
  await writeFile(file, attempt.settings.serviceFile);
  const variables = { ...attempt.settings.variables, PGSERVICEFILE: file, PGSERVICE: 'postgres-backup' };
  const names = Object.entries(variables);
  return [
    start,
    ...names.map(([name, value]) => `\\setenv ${name} ${quoted(value)}\n`),
    // A parameter that psql sets itself: everything else comes from the environment.
    connect('fallback_application_name=psql'),
    ...names.map(([name]) => `\\setenv ${name}\n`),
  ].join('');
}

/** A word of a psql command: within single quotes, doubled quotes and C escapes are understood. */
function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "''").replaceAll('\n', '\\n')}'`;
}

async function runScript(server: Database, script: string, home: string): Promise<string> {
  const { psql } = await testClientTools();
  const env = {
    HOME: home,
    LC_ALL: 'C',
    PGHOST: server.host,
    PGPORT: String(server.port),
    PGUSER: server.user,
    PGPASSWORD: server.password,
  };
  // The first connection is psql's own; the variables that made it are gone before the first attempt.
  const first = Object.keys(env).filter((name) => name.startsWith('PG'));
  const lines = [...first.map((name) => `\\setenv ${name}\n`), script];
  return new Promise((resolve, reject) => {
    const child = execFile(
      psql,
      ['--no-psqlrc', '--no-password', '--quiet', '--dbname=postgres', '--file=-'],
      { env, maxBuffer: 256 * 1024 * 1024 },
      (error, _, stderr) => {
        // Exit code 3 or 1 after a failed attempt is what many attempts are about.
        if (error && typeof error.code !== 'number')
          reject(new Error('psql cannot be run', { cause: error }));
        else resolve(stderr);
      },
    );
    child.stdin?.end(lines.join(''));
  });
}
