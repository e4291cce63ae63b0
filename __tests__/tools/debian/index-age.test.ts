import { expect, it } from '@jest/globals';
import { oldIndexText } from '../../../src/tools/debian/index-age.ts';
import { clientBed } from '../../support/client-bed.ts';
import { install, requestFor } from '../../support/client-install.ts';

const bed = clientBed();
const NOW = new Date('2026-11-27T12:00:00Z');

it('an old index of a mirror is named in the log, and used', async () => {
  const mirror = await bed.startMirror({ fault: 'index old' });
  const tools = await install(requestFor(mirror, bed.folders));
  expect(tools.version).toBe(mirror.version);
  expect(bed.logged).toMatch(/The package index of http:\S+ is from \d{4}-\d\d-\d\d \(200 days old\)/);
});

it('an index of today is not', async () => {
  const mirror = await bed.startMirror();
  await install(requestFor(mirror, bed.folders));
  expect(bed.logged).not.toContain('The package index of');
});

it.each([
  ['2026-07-31', undefined],
  ['2026-07-29', expect.stringMatching(/^The package index of PGDG is from 2026-07-29 \(121 days old\)/)],
])('an index from %s', (date, text) => {
  expect(oldIndexText('PGDG', new Date(date), NOW)).toEqual(text);
});
