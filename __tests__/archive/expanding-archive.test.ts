import { stat } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { recordChildren } from '../../src/process/run.ts';
import { ReadBackBed } from './read-back-bed.ts';

const ROWS = 6;
const ROW_BYTES = 150_000_000;

let bed: ReadBackBed;
beforeAll(async () => {
  bed = await ReadBackBed.start();
  await bed.database.createDatabase('large');
  await bed.database.sql(
    `CREATE TABLE t (a text); INSERT INTO t SELECT repeat('x', ${ROW_BYTES}) FROM generate_series(1, ${ROWS})`,
    'large',
  );
});
afterAll(() => bed.stop());

describe.each(['zstd:19', 'gzip:9'])(
  'an archive that expands a thousandfold, with %s (thorough)',
  (method) => {
    it('is read in little memory, and can be cancelled', async () => {
      const archive = await bed.dumped('large', `--compress=${method}`);
      expect((await stat(archive)).size).toBeLessThan((ROWS * ROW_BYTES) / 500);
      const before = process.memoryUsage().rss;
      let most = 0;
      const look = setInterval(() => (most = Math.max(most, process.memoryUsage().rss)), 1);
      const { manifest } = await bed.read(archive);
      clearInterval(look);
      expect(manifest.tables[0]?.rows).toBe(ROWS);
      expect(most - before).toBeLessThan(ROW_BYTES);
      const controller = new AbortController();
      recordChildren(() => {
        setTimeout(() => {
          controller.abort(new Error('cancelled'));
        }, 100);
      });
      await expect(bed.read(archive, { signal: controller.signal })).rejects.toThrow('cancelled');
    });
  },
);
