import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type ArtifactService, startArtifactService } from '../support/artifact-service.ts';
import { expectColour, runOnSeries, seedBackup } from '../support/series-bed.ts';

const DAYS = 8;
const KEPT = 2;

let artifacts: ArtifactService;
let series: string[];
beforeEach(async () => {
  artifacts = await startArtifactService();
  series = [];
  for (let day = DAYS; day > 0; day--) {
    series.unshift((await seedBackup(artifacts, 'shop', day * 24 - 23)).name);
  }
});
afterEach(() => artifacts.stop());

/** The newest first. */
const stored = (): string[] => {
  const left = new Set(artifacts.artifacts().map(({ name }) => name));
  return series.filter((name) => left.has(name));
};

describe.each(['SIGKILL', 'SIGINT', 'SIGTERM'] as const)('%s (thorough)', (signal) => {
  it.each([1, 3, DAYS - KEPT])(
    'after %d deletions leaves the newest backups, and another prune completes it',
    async (deletions) => {
      const inputs = { 'keep-last': String(KEPT) };
      const signalAfter = { match: new RegExp(`^Deleted ${series.at(-deletions) ?? ''}`), signal };
      await runOnSeries('prune', artifacts, { inputs, signalAfter });
      const left = stored();
      expect(left.length).toBeLessThanOrEqual(DAYS - deletions);
      expect(left).toEqual(series.slice(0, left.length));
      expect(left.length).toBeGreaterThanOrEqual(KEPT);
      expectColour(await runOnSeries('prune', artifacts, { inputs }));
      expect(stored()).toEqual(series.slice(0, KEPT));
    },
  );

  it('during a check changes nothing, and another check succeeds', async () => {
    const run = await runOnSeries('check', artifacts, { signalAfter: { match: /./, signal } });
    expect(run.leftFiles).toEqual([]);
    expect(stored()).toEqual(series);
    expectColour(await runOnSeries('check', artifacts));
  });
});
