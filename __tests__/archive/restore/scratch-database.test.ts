import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { type ScratchRequest, withScratchDatabase } from '../../../src/archive/restore/scratch-database.ts';
import type { Psql } from '../../../src/connection/psql.ts';
import { CancelledError } from '../../../src/errors.ts';
import { until, whileSession } from '../../support/failure-bench.ts';
import { userErrorOf } from '../../support/user-error.ts';
import { type RestoreBed, startRestoreBed } from './restore-bed.ts';

const written: string[] = [];
let beds: readonly RestoreBed[];
let bed: RestoreBed;

beforeAll(async () => {
  jest.spyOn(process.stdout, 'write').mockImplementation((text) => {
    written.push(String(text));
    return true;
  });
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
      server.query(`SELECT datname FROM pg_database WHERE datname LIKE '%rehearsal%'`),
    ),
  );
  return rows.flat();
}

function request(changes: Partial<ScratchRequest> & Partial<Psql> = {}): ScratchRequest {
  const {
    signal = new AbortController().signal,
    psql = bed.tools.psql,
    environment = bed.environment('postgres'),
  } = changes;
  return { client: { psql, environment, signal }, encoding: 'UTF8', signal, ...changes };
}

describe('the scratch database', () => {
  it('is there for the work, empty, and gone afterwards', async () => {
    const result = await withScratchDatabase(request(), async (name) => {
      expect(name).toMatch(/^postgres_backup_rehearsal_[0-9a-f]{16}$/);
      await bed.server.sql('CREATE TABLE t ()', name);
      return (await scratches()).length;
    });
    expect(result).toBe(1);
  });

  it.each(['UTF8', 'LATIN1', 'SQL_ASCII', 'EUC_JP', 'WIN1252'])(
    'has the encoding of the origin: %s',
    async (encoding) => {
      for (const { server, environment, tools } of beds) {
        const signal = new AbortController().signal;
        const client = { psql: tools.psql, environment: environment('postgres'), signal };
        await withScratchDatabase({ client, encoding, signal }, async (database) => {
          expect(await server.query('SHOW server_encoding', { database })).toEqual([
            { server_encoding: encoding },
          ]);
        });
      }
    },
  );

  it('has another encoding than the locale of the server goes with', async () => {
    const [, other = bed] = beds;
    const locale = (name: string): string =>
      `UPDATE pg_database SET datcollate = '${name}', datctype = '${name}' WHERE datname = 'template0'`;
    await other.server.query(locale('C.UTF-8'));
    const signal = new AbortController().signal;
    const client = { psql: other.tools.psql, environment: other.environment('postgres'), signal };
    await withScratchDatabase({ client, encoding: 'LATIN1', signal }, async (database) => {
      expect(await other.server.query('SHOW server_encoding', { database })).toEqual([
        { server_encoding: 'LATIN1' },
      ]);
    });
    await other.server.query(locale('C'));
  });

  it('is gone after a failure, which stays as it is', async () => {
    const failure = new Error('the proof does not hold');
    await expect(withScratchDatabase(request(), () => Promise.reject(failure))).rejects.toBe(failure);
  });

  it('is gone when the run is cancelled, before, meanwhile and while it is made', async () => {
    const cancelled = new CancelledError('SIGINT');
    for (const when of ['before', 'meanwhile', 'making']) {
      const controller = new AbortController();
      if (when === 'before') controller.abort(cancelled);
      const work = withScratchDatabase(request({ signal: controller.signal }), () => {
        controller.abort(cancelled);
        controller.signal.throwIfAborted();
        return Promise.resolve();
      });
      const rejected = expect(work).rejects.toBe(cancelled);
      if (when === 'making') {
        await until('the statement', async () =>
          (await bed.server.sessions()).find(({ query }) => query.startsWith('CREATE DATABASE')),
        );
        controller.abort(cancelled);
      }
      await rejected;
    }
  });

  it('is gone although somebody is connected to it', async () => {
    await withScratchDatabase(request(), (name) =>
      whileSession(bed.server, 'SELECT 1', () => Promise.resolve(), name),
    );
    let end: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (end = resolve));
    let holding: Promise<unknown> = Promise.resolve();
    await withScratchDatabase(request(), async (name) => {
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

  it('is named in a warning when the server does not let it go', async () => {
    written.length = 0;
    let left = '';
    expect(
      await withScratchDatabase(request(), async (name) => {
        left = name;
        await bed.server.query(`ALTER DATABASE ${name} IS_TEMPLATE true`);
        return 'done';
      }),
    ).toBe('done');
    expect(written.join('')).toMatch(
      new RegExp(`::warning .*${left} could not be dropped.*DROP DATABASE ${left}`),
    );
    await bed.server.query(`ALTER DATABASE ${left} IS_TEMPLATE false`);
    await bed.server.query(`DROP DATABASE ${left}`);
  });

  it('says what the role lacks that may not create databases', async () => {
    const { user, password } = await bed.server.createRole('modest');
    const environment = bed.environment('postgres', { PGUSER: user, PGPASSWORD: password });
    const error = await userErrorOf(withScratchDatabase(request({ environment }), () => Promise.resolve()));
    expect(error.message).toBe(
      'verify-connection-string: the scratch database for the rehearsal cannot be made: The user may not create databases.',
    );
    expect(error.hint).toContain('CREATEDB');
  });

  it('says why it cannot be made where nobody answers', async () => {
    const environment = bed.environment('postgres', { PGPORT: '1' });
    const error = await userErrorOf(withScratchDatabase(request({ environment }), () => Promise.resolve()));
    expect(error.message).toMatch(/^verify-connection-string: the scratch database .* cannot be made: /);
  });
});
