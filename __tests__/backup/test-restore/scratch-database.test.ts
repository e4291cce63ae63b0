import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import {
  createScratchDatabase,
  requireCreatePrivilege,
} from '../../../src/backup/test-restore/scratch-database.ts';
import type { PgSession } from '../../../src/postgres/session.ts';
import { CancelledError } from '../../../src/errors.ts';
import { captureOutput } from '../../support/captured-output.ts';
import { until, whileSession } from '../../support/failure-bench.ts';
import { type TcpProxy, startTcpProxy } from '../../support/tcp-proxy.ts';
import { userErrorOf } from '../../support/user-error.ts';
import { type RestoreBed, startRestoreBed } from '../../restore/apply/restore-bed.ts';

const output = captureOutput();
let beds: readonly RestoreBed[];
let bed: RestoreBed;

beforeAll(async () => {
  beds = await Promise.all([startRestoreBed('17', ['fsync = off']), startRestoreBed('16', ['fsync = off'])]);
  [bed = await startRestoreBed('17')] = beds;
});
afterEach(async () => {
  expect(await scratches()).toEqual([]);
});
afterAll(() => Promise.all(beds.map((each) => each.stop())));

async function scratches(): Promise<unknown[]> {
  const rows = await Promise.all(
    beds.map(({ server }) =>
      server.query(`SELECT datname FROM pg_database WHERE datname LIKE '%test_restore%'`),
    ),
  );
  return rows.flat();
}

/** Lets every CREATE DATABASE wait for as long as the work takes. */
function whileNoneIsCreated<T>(work: () => Promise<T>): Promise<T> {
  return whileSession(bed.server, 'BEGIN; LOCK TABLE pg_catalog.pg_database IN SHARE MODE', work);
}

async function untilCreating(): Promise<void> {
  await until('the statement', async () =>
    (await bed.server.sessions()).find(({ query }) => query.startsWith('CREATE DATABASE')),
  );
}

async function withScratch<T>(
  session: PgSession,
  work: (databaseName: string) => Promise<T>,
  encoding = 'UTF8',
): Promise<T> {
  await using scratch = await createScratchDatabase(session, encoding, () => undefined);
  return await work(scratch.name);
}

describe('the scratch database (thorough)', () => {
  it('exists during the work, is empty at first, and is dropped afterwards', async () => {
    const result = await withScratch(bed.session('postgres'), async (name) => {
      expect(name).toMatch(/^postgres_backup_test_restore_[0-9a-f]{16}$/);
      await bed.server.sql('CREATE TABLE t ()', name);
      return (await scratches()).length;
    });
    expect(result).toBe(1);
  });

  it.each(['UTF8', 'LATIN1', 'SQL_ASCII', 'EUC_JP', 'WIN1252'])(
    'has the encoding of the origin: %s',
    async (encoding) => {
      for (const { server, session } of beds) {
        const shown = await withScratch(
          session('postgres'),
          (database) => server.query('SHOW server_encoding', { database }),
          encoding,
        );
        expect(shown).toEqual([{ server_encoding: encoding }]);
      }
    },
  );

  it('can have an encoding that the locale of the server does not support', async () => {
    const [, other = bed] = beds;
    const locale = (name: string): string =>
      `UPDATE pg_database SET datcollate = '${name}', datctype = '${name}' WHERE datname = 'template0'`;
    await other.server.query(locale('C.UTF-8'));
    const shown = await withScratch(
      other.session('postgres'),
      (database) => other.server.query('SHOW server_encoding', { database }),
      'LATIN1',
    );
    expect(shown).toEqual([{ server_encoding: 'LATIN1' }]);
    await other.server.query(locale('C'));
  });

  it('is dropped after a failure, which is passed on unchanged', async () => {
    const failure = new Error('the restored rows differ');
    await expect(withScratch(bed.session('postgres'), () => Promise.reject(failure))).rejects.toBe(failure);
  });

  it('is dropped when the run is cancelled before, during or after its creation', async () => {
    const cancelled = new CancelledError('SIGINT');
    for (const when of ['before', 'meanwhile']) {
      const controller = new AbortController();
      if (when === 'before') controller.abort(cancelled);
      const work = withScratch(bed.session('postgres').until(controller.signal), () => {
        controller.abort(cancelled);
        controller.signal.throwIfAborted();
        return Promise.resolve();
      });
      await expect(work).rejects.toBe(cancelled);
    }
    const controller = new AbortController();
    const work = await whileNoneIsCreated(async () => {
      const creating = withScratch(bed.session('postgres').until(controller.signal), () => {
        controller.signal.throwIfAborted();
        return Promise.resolve();
      });
      await untilCreating();
      controller.abort(cancelled);
      return { ended: creating.catch((error: unknown) => error) };
    });
    expect(await work.ended).toBe(cancelled);
  });

  it('is recorded before the server is told to create it', async () => {
    const recorded: string[] = [];
    const work = await whileNoneIsCreated(async () => {
      const creating = createScratchDatabase(bed.session('postgres'), 'UTF8', (name) => recorded.push(name));
      await untilCreating();
      expect(recorded).toHaveLength(1);
      return { creating };
    });
    await using scratch = await work.creating;
    expect(recorded).toEqual([scratch.name]);
  });

  it('is dropped although another session is connected to it', async () => {
    await withScratch(bed.session('postgres'), (name) =>
      whileSession(bed.server, 'SELECT 1', () => Promise.resolve(), name),
    );
    let end: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (end = resolve));
    let holding: Promise<unknown> = Promise.resolve();
    await withScratch(bed.session('postgres'), async (name) => {
      await new Promise<void>((connected) => {
        holding = whileSession(
          bed.server,
          'SELECT 1',
          () => {
            connected();
            return held;
          },
          name,
        );
      });
    });
    expect(await scratches()).toEqual([]);
    end();
    await holding;
  });

  it('is named in a warning when it cannot be dropped', async () => {
    output.clear();
    let left = '';
    expect(
      await withScratch(bed.session('postgres'), async (name) => {
        left = name;
        await bed.server.query(`ALTER DATABASE ${name} IS_TEMPLATE true`);
        return 'done';
      }),
    ).toBe('done');
    expect(output.text).toMatch(
      new RegExp(`::warning .*${left} could not be dropped.*DROP DATABASE ${left}`),
    );
    await bed.server.query(`ALTER DATABASE ${left} IS_TEMPLATE false`);
    await bed.server.query(`DROP DATABASE ${left}`);
  });

  it('cannot be created by a role without CREATEDB, and the error says what it lacks', async () => {
    const { user, password } = await bed.server.createRole('modest');
    const session = bed.session('postgres', { PGUSER: user, PGPASSWORD: password });
    const error = await userErrorOf(withScratch(session, () => Promise.resolve()));
    expect(error.message).toBe(
      'verify-connection-string: the scratch database for the test restore cannot be created: The user lacks the privilege to create databases.',
    );
    expect(error.hint).toContain('CREATEDB');
  });

  it('cannot be created where no server answers, and the error says why', async () => {
    const session = bed.session('postgres', { PGPORT: '1' });
    const error = await userErrorOf(withScratch(session, () => Promise.resolve()));
    expect(error.message).toMatch(/^verify-connection-string: the scratch database .* cannot be created: /);
  });
});

describe('a server that is older than DROP DATABASE … WITH (FORCE) and LOCALE_PROVIDER', () => {
  /** psql as of PostgreSQL 12, which the tests do not have: 17 that says it is 12, and does not know what 12 does not. */
  async function psqlOf12(): Promise<string> {
    const file = join(bed.folder, 'psql');
    const script = [
      '#!/bin/sh',
      'PATH=/usr/local/bin:/usr/bin:/bin',
      'sql=$(cat)',
      'case $sql in *FORCE*|*LOCALE_PROVIDER*) echo "ERROR:  syntax error" >&2; exit 3 ;; esac',
      `printf '%s' "$sql" | '${bed.tools.psql}' "$@" | sed 's/^17[0-9]\\{4\\}/120022/'`,
      '',
    ].join('\n');
    await writeFile(file, script, { mode: 0o755 });
    return file;
  }

  it.each(['UTF8', 'LATIN1'])(
    'has the scratch database (%s), and lets it go although somebody is connected to it',
    async (encoding) => {
      const connected = Promise.withResolvers<undefined>();
      const over = Promise.withResolvers<undefined>();
      let holding: Promise<unknown> = Promise.resolve();
      const session = bed.session('postgres', {}, { psql: await psqlOf12() });
      const work = async (name: string): Promise<void> => {
        expect(await bed.server.query('SHOW server_encoding', { database: name })).toEqual([
          { server_encoding: encoding },
        ]);
        const hold = (): Promise<undefined> => {
          connected.resolve(undefined);
          return over.promise;
        };
        holding = whileSession(bed.server, 'SELECT 1', hold, name);
        await connected.promise;
      };
      await withScratch(session, work, encoding);
      expect(await scratches()).toEqual([]);
      over.resolve(undefined);
      await holding;
    },
  );
});

describe('a server that stops answering', () => {
  const usual = AbortSignal.timeout.bind(AbortSignal);
  let proxy: TcpProxy;
  let session: PgSession;
  beforeAll(async () => {
    proxy = await startTcpProxy({ host: bed.server.host, port: bed.server.port });
    session = bed.session('postgres', { PGHOST: proxy.host, PGPORT: String(proxy.port) });
  });
  afterEach(() => proxy.set({ kind: 'clear' }));
  afterAll(() => proxy.stop());

  /** The minute that the server has is five seconds here. */
  async function inHaste<T>(work: () => Promise<T>): Promise<T> {
    const spy = jest.spyOn(AbortSignal, 'timeout').mockImplementation((ms) => usual(ms / 12));
    return work().finally(() => {
      spy.mockRestore();
    });
  }

  it('while the database is created causes a clear error, and leaves no database', async () => {
    // The first connection asks for the version, the second makes the database.
    await proxy.set({ kind: 'silence', spare: 1, times: 1 });
    const work = jest.fn(() => Promise.resolve());
    const error = await userErrorOf(inHaste(() => withScratch(session, work)));
    expect(error.message).toBe(
      'verify-connection-string: the scratch database for the test restore cannot be created: The server has not responded for 1 min 0 s.',
    );
    expect(work).not.toHaveBeenCalled();
  });

  it('while the database is dropped causes a warning that names it', async () => {
    output.clear();
    let left = '';
    const done = await inHaste(() =>
      withScratch(session, async (name) => {
        left = name;
        // Those that are open are let be.
        await proxy.set({ kind: 'silence', spare: 0, times: 1 });
        return 'done';
      }),
    );
    expect(done).toBe('done');
    expect(output.text).toContain(
      `${left} could not be dropped and is still on the server: The server has not responded for 1 min 0 s. Drop it once nobody uses it: DROP DATABASE ${left};`,
    );
    await bed.server.query(`DROP DATABASE ${left}`);
  });
});

describe('the privilege to create a scratch database', () => {
  const asked = async (changes: Record<string, string> = {}): Promise<void> =>
    requireCreatePrivilege(bed.session('postgres', changes));

  it('belongs to a superuser, and to a role with CREATEDB', async () => {
    await asked();
    const maker = await bed.server.createRole('maker', { attributes: 'CREATEDB' });
    await asked({ PGUSER: maker.user, PGPASSWORD: maker.password });
    await bed.server.query('ALTER ROLE maker NOCREATEDB');
    const error = await userErrorOf(asked({ PGUSER: maker.user, PGPASSWORD: maker.password }));
    expect(error.message).toMatch(/cannot be created: The user lacks the privilege to create databases\.$/);
  });

  it('cannot be checked where no server answers, and the error names the input', async () => {
    const error = await userErrorOf(asked({ PGPORT: '1' }));
    expect(error.message).toMatch(/^verify-connection-string: the scratch .*: Nothing accepts connections/);
  });

  it('is not checked any more when the run is cancelled', async () => {
    const cancelled = new CancelledError('SIGINT');
    const session = bed.session('postgres').until(AbortSignal.abort(cancelled));
    await expect(requireCreatePrivilege(session)).rejects.toBe(cancelled);
  });
});
