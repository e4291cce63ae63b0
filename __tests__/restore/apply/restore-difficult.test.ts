import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { largeObjectIdsOf } from '../../../src/archive/toc/archive-facts.ts';
import type { RestoreRequest } from '../../../src/restore/apply/restore-request.ts';
import { tocOf } from '../../archive/toc/toc-of.ts';
import { captureOutput } from '../../support/captured-output.ts';
import { fillDifficult } from '../../support/difficult-schema.ts';
import { type RestoreBed, type TestArchive, startRestoreBed } from './restore-bed.ts';

captureOutput();

let beds: Readonly<Record<'16' | '17' | '18', RestoreBed>>;
const archives: Partial<Record<string, TestArchive>> = {};

beforeAll(async () => {
  const [oldest, middle, newest] = await Promise.all(
    (['16', '17', '18'] as const).map((version) => startRestoreBed(version, ['fsync = off'])),
  );
  if (!oldest || !middle || !newest) throw new Error('unreachable');
  beds = { '16': oldest, '17': middle, '18': newest };
  for (const version of ['16', '17'] as const) {
    const bed = beds[version];
    const source = await bed.database();
    await fillDifficult(bed.server, { database: source });
    archives[version] = await bed.dump(source, '--no-subscriptions');
  }
  // Roles belong to servers: every target has those that the backup names.
  for (const bed of Object.values(beds)) {
    await fillDifficult(bed.server, { database: await bed.database() });
  }
});
afterAll(() => Promise.all(Object.values(beds).map((bed) => bed.stop())));

const WAYS: readonly ['16' | '17', '16' | '17' | '18', string, Partial<RestoreRequest>][] = [
  ['17', '17', 'in one transaction', {}],
  ['17', '17', 'over several connections', { jobs: 4 }],
  ['17', '16', 'through psql', {}],
  ['16', '16', 'through psql', {}],
  ['16', '17', 'in one transaction', {}],
  ['16', '18', 'in one transaction', {}],
  ['17', '18', 'over several connections', { jobs: 2 }],
];

describe('a database with everything that makes restores fail (thorough)', () => {
  it.each(WAYS)('is restored and verified: from %s to %s %s', async (from, to, _, changes) => {
    const archive = archives[from];
    if (!archive) throw new Error('unreachable');
    const bed = beds[to];
    const target = await bed.database();
    await bed.restore(archive, target, changes);
    // The tools of the tests cannot dump a newer server.
    if (to === '18') return;
    const verification = await bed.verify(archive, target);
    expect(verification).toMatchObject({
      tables: archive.manifest.tables.length,
      rows: archive.manifest.rows,
    });
    expect(verification.largeObjects).toBeGreaterThan(1);
    const largeObjectIds = largeObjectIdsOf(await tocOf(archive.file));
    expect(await bed.verify(archive, target, { everything: false, largeObjectIds })).toEqual(verification);
  });
});
