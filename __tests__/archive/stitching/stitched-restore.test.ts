import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type ReadBack, readBack } from '../../../src/archive/read-back.ts';
import {
  CUSTOM_FORMAT,
  DIRECTORY_FORMAT,
  type Head,
  headBytes,
  readHead,
} from '../../../src/archive/toc/head.ts';
import { readStart } from '../../../src/archive/toc/toc-file.ts';
import { type ToolsMajor, testClientTools } from '../../support/client-tools.ts';
import { type ServerVersion, hasOldest } from '../../support/database-programs.ts';
import { readWhileMade } from '../read-while-made.ts';
import { StitchBed, type Twins } from './stitch-bed.ts';

/**
 * A version of the client tools, the newest server of the test bed that it can dump, and the compressions that it has. Debian
 * has no 14, whose format is that of 13 and 15, and no 16: its format 1.15 is tried with a directory made by hand.
 */
type Version = readonly [ToolsMajor, ServerVersion, readonly string[]];

const ALL = ['none', 'gzip', 'lz4', 'zstd'];
const OLDER: readonly Version[] = hasOldest
  ? [
      [13, '13', ['none', 'gzip']],
      [15, '13', ['none', 'gzip']],
    ]
  : [];
const VERSIONS: readonly Version[] = [...OLDER, [17, '17', ALL], [18, '18', ALL]];
const NEXT: ReadonlyMap<ToolsMajor, ToolsMajor> = new Map([
  [13, 15],
  [15, 17],
  [17, 18],
]);
/** When the dump was made: 7 integers, behind the compression. */
const TIME_BYTES = 35;

const { signal } = new AbortController();
const formatOf = { custom: CUSTOM_FORMAT, directory: DIRECTORY_FORMAT } as const;

function headOf(file: string, format: keyof typeof formatOf): Promise<Head> {
  return readStart(file, (start) => readHead(start, formatOf[format], (entry) => entry), signal);
}

/** A head without positions, and without when it was made. */
function comparable({ header, entries }: Head): unknown {
  const time = header.minor >= 15 ? 12 : 16;
  return {
    header: Buffer.concat([header.bytes.subarray(0, time), header.bytes.subarray(time + TIME_BYTES)]),
    entries: entries.map(({ bytes, place }) => ({
      bytes,
      state: place.kind === 'position' ? place.state : undefined,
    })),
  };
}

/** Without comments, which contain times, and what is drawn at random. */
function withoutComments(script: string): string {
  return script.replaceAll(/^(?:\\(?:un)?restrict|-- |;\s+Archive created)[^\n]*\n/gm, '');
}

describe.each(VERSIONS)(
  'an archive stitched of a dump of pg_dump %d (thorough)',
  (major, version, compressions) => {
    let bed: StitchBed;
    const twins = new Map<string, Twins>();
    beforeAll(async () => {
      bed = await StitchBed.start(major, version);
      for (const compression of compressions) twins.set(compression, await bed.dumped(compression));
    });
    afterAll(() => bed.stop());

    const twinsOf = (compression: string): Twins => {
      const found = twins.get(compression);
      if (found === undefined) throw new Error(`no archive compressed with ${compression}`);
      return found;
    };
    const read = (archive: string): Promise<ReadBack> =>
      readBack({ archive, pgRestore: bed.pgRestore, environment: {}, workFolder: bed.folder, signal });

    it.each(compressions)('has the head that pg_dump --format=custom writes (%s)', async (compression) => {
      const { custom, stitched } = twinsOf(compression);
      expect(comparable(await headOf(stitched, 'custom'))).toEqual(
        comparable(await headOf(custom, 'custom')),
      );
    });

    it.each(compressions)('has a head that is read without loss (%s)', async (compression) => {
      const { custom, stitched, toc } = twinsOf(compression);
      for (const file of [custom, stitched, toc]) {
        const bytes = headBytes(await headOf(file, file === toc ? 'directory' : 'custom'));
        const found = await readFile(file);
        expect(bytes.equals(found.subarray(0, bytes.length))).toBe(true);
        expect(file !== toc || bytes.length === found.length).toBe(true);
      }
    });

    it.each(compressions)(
      'is verified with the same content, as a file and while it is made (%s)',
      async (compression) => {
        const { custom, stitched } = twinsOf(compression);
        const [expected, found] = [await read(custom), await read(stitched)];
        expect(found.manifest).toEqual(expected.manifest);
        const { pgRestore } = bed;
        const made = await readWhileMade(await readFile(stitched), { pgRestore, major, pieceBytes: 100_000 });
        expect(made).toEqual(found);
      },
    );

    it.each(compressions)(
      'is to bare pg_restore, also of a newer major, the same script (%s)',
      async (compression) => {
        const { custom, stitched } = twinsOf(compression);
        const next = NEXT.get(major);
        const newer = next === undefined ? [] : [(await testClientTools(next)).pgRestore];
        for (const pgRestore of [bed.pgRestore, ...newer]) {
          const script = withoutComments(await bed.printed(pgRestore, ['--file=-', custom]));
          expect(withoutComments(await bed.printed(pgRestore, ['--file=-', stitched])) === script).toBe(true);
          expect(
            withoutComments(await bed.printedFromPipe(pgRestore, ['--file=-'], stitched)) === script,
          ).toBe(true);
        }
      },
    );

    it('is to bare pg_restore the same with --list, --use-list, --table, and --clean', async () => {
      const { custom, stitched } = twinsOf('gzip');
      const list = await bed.printed(bed.pgRestore, ['--list', custom]);
      const half = join(bed.folder, 'half.list');
      await writeFile(
        half,
        list
          .split('\n')
          .filter((_, index) => index % 2 === 0)
          .reverse()
          .join('\n'),
      );
      for (const args of [
        ['--list'],
        ['--file=-', `--use-list=${half}`],
        ['--file=-', '--table=large', '--table=large_values', '--table=customers'],
        ['--file=-', '--clean', '--if-exists', '--create'],
        ['--file=-', '--section=data'],
      ]) {
        const expected = withoutComments(await bed.printed(bed.pgRestore, [...args, custom]));
        expect(expected.length).toBeGreaterThan(1000);
        expect(withoutComments(await bed.printed(bed.pgRestore, [...args, stitched])) === expected).toBe(
          true,
        );
      }
    });

    it('is restored with several jobs, which seek in it', async () => {
      const { custom, stitched } = twinsOf(compressions.at(-1) ?? '');
      // Restored rows have another order, and inherited columns too.
      const contents = async (archive: string): Promise<unknown> => {
        const { tables, sequences, largeObjects } = (await read(archive)).manifest;
        return {
          tables: tables.map(({ name, rows, bytes }) => ({ name, rows, bytes })),
          sequences,
          largeObjects,
        };
      };
      const database = await bed.restored(stitched, 4);
      const again = await bed.dumped('none', database);
      expect(await contents(again.stitched)).toEqual(await contents(custom));
    });
  },
);
