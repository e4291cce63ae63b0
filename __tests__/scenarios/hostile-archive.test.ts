import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type ArchiveParts, type EntryParts, forgedArchive } from '../support/forged-archive.ts';
import { holdsNothing } from '../support/restored.ts';
import { type TestBed, expectFailedRestore, expectSuccess, startTestBed } from '../support/test-bed.ts';

const ROW = `${'a row that is long enough for statements '.repeat(3)}.\n`;

let bed: TestBed;
let folder: string;
let archive: Buffer;
let targets = 0;
beforeAll(async () => {
  bed = await startTestBed();
  folder = await mkdtemp(path.join(tmpdir(), 'hostile-archive-'));
  const url = await bed.database.createDatabase('source');
  await bed.database.createRole('app', { password: 'password-of-app' });
  await bed.database.sql(
    `CREATE TABLE t (a text); INSERT INTO t VALUES ('${ROW.trim()}');
     CREATE VIEW v AS SELECT a FROM t; COMMENT ON TABLE t IS 'x'; COMMENT ON VIEW v IS 'y';
     CREATE FUNCTION f(a int) RETURNS int LANGUAGE sql
       BEGIN ATOMIC SELECT 1; SELECT CASE WHEN a > 1 THEN 1 ELSE 2 END; END;
     GRANT SELECT ON t TO app; SELECT lo_from_bytea(4711, 'abc');`,
    'source',
  );
  const run = await bed.backup({
    inputs: { 'connection-string': url, storage: `${folder}/`, compression: 'none' },
  });
  expectSuccess(run);
  archive = await readFile(run.outputs['backup-path'] ?? '');
});
afterAll(async () => {
  await bed.stop();
  await rm(folder, { recursive: true, force: true });
});

type Change = (parts: ArchiveParts) => void;

function changed(
  kind: string,
  tag: string,
  change: (entry: EntryParts, parts: ArchiveParts) => void,
): Change {
  return (parts) => {
    const entry = parts.entries.find((one) => one.kind === kind && one.tag === tag);
    if (!entry) throw new Error(`the archive has no ${kind} ${tag}`);
    change(entry, parts);
  };
}

function defined(kind: string, tag: string, definition: string): Change {
  return changed(kind, tag, (entry) => {
    entry.definition = definition;
  });
}

function both(...changes: readonly Change[]): Change {
  return (parts) => {
    for (const change of changes) change(parts);
  };
}

/** Writes over the only row, in its place. */
function row(bytes: string): Change {
  return (parts) => {
    parts.data = Buffer.from(parts.data);
    parts.data.write(bytes.padEnd(ROW.length - 1) + '\n', parts.data.indexOf(ROW), 'latin1');
  };
}

const comment = (definition: string): Change => defined('COMMENT', 'TABLE t', definition);
const dropped = (drop: string): Change =>
  changed('FUNCTION', 'f(integer)', (entry) => {
    entry.drop = drop;
  });

async function expectRefused(file: Buffer, error: RegExp): Promise<void> {
  const source = path.join(folder, 'forged.bak');
  await writeFile(source, file);
  const target = `target_${(targets += 1)}`;
  const url = await bed.database.createDatabase(target);
  const run = await bed.restore({ inputs: { 'connection-string': url, path: source } });
  expectFailedRestore(run, error);
  expect(run.summary).toContain('The target was not touched');
  expect(await holdsNothing(bed.database, target)).toBe(true);
}

it('an archive that was only written anew is restored', async () => {
  const source = path.join(folder, 'same.bak');
  await writeFile(
    source,
    forgedArchive(archive, () => undefined),
  );
  const url = await bed.database.createDatabase('same');
  expectSuccess(await bed.restore({ inputs: { 'connection-string': url, path: source } }));
});

describe('a changed archive is refused before the target is touched, with the place:', () => {
  it.each<[string, Change, RegExp]>([
    [
      'a command of psql',
      comment("COMMENT ON TABLE t IS 'x';\n\\! id\n"),
      /comment on TABLE t in public contains a command for psql/,
    ],
    [
      'a COMMIT',
      defined('VIEW', 'v', 'CREATE VIEW v AS SELECT 1;\nCOMMIT;\n'),
      /view public\.v contains .*COMMIT/,
    ],
    [
      'a string that ends in the next entry',
      both(
        comment("COMMENT ON TABLE t IS 'x"),
        defined('COMMENT', 'VIEW v', "COMMENT ON VIEW v IS '; COMMIT; --';\n"),
      ),
      /does not end/,
    ],
    [
      'a body that has ended for the server only',
      defined(
        'FUNCTION',
        'f(integer)',
        'CREATE FUNCTION public.f(a integer) RETURNS integer LANGUAGE sql BEGIN ATOMIC SELECT 1 case; END; COMMIT;\n',
      ),
      /another kind \(COMMIT/,
    ],
    [
      'an encoding that hides quotes',
      both(
        defined('ENCODING', 'ENCODING', "SET client_encoding = 'SJIS';\n"),
        comment("COMMENT ON TABLE t IS E'\x83\\'; COMMIT; --';\n"),
      ),
      /ENCODING is not one that the server can have/,
    ],
    [
      'rows that end early',
      row('\\.\nCOMMIT;\nCOPY public.t (a) FROM stdin;\n'),
      /contains a COMMIT among its rows/,
    ],
  ])('%s', (_, change, error) => expectRefused(forgedArchive(archive, change), error));
});

describe('a changed archive is refused before the target is touched (thorough):', () => {
  it.each<[string, Change, RegExp]>([
    [
      'a setting',
      defined('TABLE', 't', 'CREATE TABLE t (a text);\nSET row_security = off;\n'),
      /\(SET ROW_SECURITY/,
    ],
    ['a deleted large object', comment('SELECT pg_catalog.lo_unlink(4711);\n'), /another kind \(SELECT/],
    ['a carriage return', comment("COMMENT ON TABLE t IS 'x'; --\rCOMMIT; --\n"), /comment beside/],
    [
      'backslashes in strings',
      both(
        defined('STDSTRINGS', 'STDSTRINGS', "SET standard_conforming_strings = 'off';\n"),
        comment("COMMENT ON TABLE t IS '\\''; COMMIT; SELECT ';\n"),
      ),
      /does not end/,
    ],
    [
      'a role',
      changed('COMMENT', 'TABLE t', (entry) => {
        entry.kind = 'ROLE';
        entry.definition = 'ALTER ROLE app SUPERUSER;\n';
      }),
      /a kind that no archive contains/,
    ],
    [
      'a role given to another',
      defined('ACL', 'TABLE t', 'GRANT postgres TO app;\n'),
      /privileges on TABLE t/,
    ],
    [
      'a privilege and more',
      defined('ACL', 'TABLE t', 'GRANT SELECT ON t TO app;\nALTER ROLE app SUPERUSER;\n'),
      /ALTER ROLE/,
    ],
    [
      'a drop statement and more',
      dropped('DROP FUNCTION public.f(integer); ALTER ROLE app SUPERUSER;\n'),
      /ALTER ROLE/,
    ],
    ['a drop statement of other things', dropped('DROP OWNED BY app;\n'), /DROP OWNED/],
    ['a drop statement of another function', dropped('DROP FUNCTION public.g();\n'), /drops another/],
    [
      'a version of two lines',
      ({ versions }) => {
        versions[1] = '17.1\nBEGIN;\nCOMMIT;';
      },
      /impossible version/,
    ],
    [
      'a kind of two lines',
      changed('COMMENT', 'TABLE t', (entry) => {
        entry.kind = 'COMMENT\nCOMMIT;\n--';
        entry.definition = '';
      }),
      /does not say what entry \d+ is/,
    ],
    [
      'rows from a program',
      changed('TABLE DATA', 't', (entry) => {
        entry.copy = "COPY public.t (a) FROM PROGRAM 'id';\n";
      }),
      /neither fills a table/,
    ],
    [
      'rows of a comment',
      changed('COMMENT', 'TABLE t', (entry) => {
        entry.copy = 'COMMIT;\n';
      }),
      /which can have none/,
    ],
    [
      'statements as rows of something else',
      both(
        row('COMMIT;'),
        changed('TABLE DATA', 't', (entry) => {
          Object.assign(entry, { kind: 'BLOB COMMENTS', copy: '' });
        }),
      ),
      /which can have none/,
    ],
    [
      'a setting among the rows',
      row('\\.\nSET client_encoding = SJIS;\nCOPY public.t (a) FROM stdin;\n'),
      /changes a setting/,
    ],
    [
      'rows that are not there',
      changed('TABLE DATA', 't', (entry) => {
        entry.id = 99_000;
      }),
      /could not find block ID 99000/,
    ],
    [
      'a number twice',
      changed('VIEW', 'v', (entry, { entries }) => {
        entry.id = entries[0]?.id ?? 0;
      }),
      /twice/,
    ],
    [
      'a negative number',
      changed('VIEW', 'v', (entry) => {
        entry.id = -5;
      }),
      /invalid number -5/,
    ],
    [
      'a negative count',
      (parts) => {
        parts.claimed = -1;
      },
      /invalid length -1/,
    ],
    [
      'a huge count',
      (parts) => {
        parts.claimed = 2 ** 31;
      },
      /invalid length 2147483648/,
    ],
    [
      'a count that is too high',
      (parts) => {
        parts.claimed = parts.entries.length + 1;
      },
      /cannot be read back/,
    ],
  ])('%s', (_, change, error) => expectRefused(forgedArchive(archive, change), error));

  it('a text of 2 GiB, a table of contents that ends early, other formats and versions', async () => {
    const patched = (at: number, ...bytes: readonly number[]): Buffer => {
      const copy = Buffer.from(archive);
      copy.set(bytes, at);
      return copy;
    };
    // The length of the database's name stands behind 12 bytes, and seven numbers of five bytes.
    await expectRefused(patched(12 + 35 + 1, 0, 0, 0, 0x80), /a text of 2147483648 bytes/);
    await expectRefused(archive.subarray(0, 2000), /ends within its table of contents/);
    await expectRefused(patched(10, 3), /not in the custom format/);
    await expectRefused(patched(6, 17), /version 1\.17 of its format is not supported/);
  });

  it.each<[string, Change]>([
    [
      'dependencies to nowhere',
      changed('COMMENT', 'TABLE t', (entry) => {
        entry.dependencies = ['999999', '2147483647'];
      }),
    ],
    [
      'dependencies in a circle',
      changed('TABLE', 't', (table, { entries }) => {
        const view = entries.find(({ kind }) => kind === 'VIEW');
        table.dependencies.push(String(view?.id));
      }),
    ],
    [
      'bytes behind the end',
      (parts) => {
        parts.data = Buffer.concat([parts.data, Buffer.from('COMMIT;\n')]);
      },
    ],
  ])('and only what does no harm is restored: %s', async (what, change) => {
    const source = path.join(folder, 'harmless.bak');
    await writeFile(source, forgedArchive(archive, change));
    const url = await bed.database.createDatabase(what);
    expectSuccess(await bed.restore({ inputs: { 'connection-string': url, path: source } }));
  });
});
