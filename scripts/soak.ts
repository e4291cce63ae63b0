// `npm run soak [-- --minutes 60] [--seed 1] [--from 0]`: makes backups with random faults, one after the other, until the
// time is over or a promise is broken. The same seed gives the same steps; `--from N --minutes 0` repeats step N alone.
import { parseArgs } from 'node:util';
import { type FaultBed, startFaultBed } from '../__tests__/faults/fault-bed.ts';
import { strikeAtRandom } from '../__tests__/faults/random-strike.ts';
import { describeStep, walkStep } from '../__tests__/faults/random-walk.ts';
import { messageOf } from '../src/errors.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '60' },
    seed: { type: 'string', default: '1' },
    from: { type: 'string', default: '0' },
  },
});
const [minutes, seed, from] = [values.minutes, values.seed, values.from].map(Number);
if (![minutes, seed, from].every((number) => Number.isFinite(number))) {
  console.error('--minutes, --seed and --from take numbers.');
  process.exitCode = 2;
} else {
  const bed = await startFaultBed();
  try {
    process.exitCode = await walk(bed, minutes ?? 0, seed ?? 0, from ?? 0);
  } finally {
    await bed.stop();
  }
}

/** @returns the exit code: 1 when a promise was broken. */
async function walk(bed: FaultBed, forMinutes: number, withSeed: number, first: number): Promise<number> {
  const until = performance.now() + forMinutes * 60_000;
  const outcomes = { failed: 0, survived: 0, killed: 0 };
  let number = first;
  do {
    const step = walkStep(withSeed, number);
    const started = performance.now();
    const seconds = (): string => `${((performance.now() - started) / 1000).toFixed(1)} s`;
    const line = `${String(number).padStart(5)}  ${describeStep(step)}`;
    const repeat = `Repeat it with: npm run soak -- --seed ${withSeed} --from ${number} --minutes 0`;
    try {
      const { outcome, broken, run } = await strikeAtRandom(bed, step);
      outcomes[outcome] += 1;
      console.log(`${line} → ${outcome}, ${seconds()}`);
      if (broken.length > 0) {
        console.log(
          [run.log, run.post?.log ?? '', '', ...broken.map((each) => `BROKEN: ${each}`), repeat].join('\n'),
        );
        return 1;
      }
    } catch (error) {
      console.log(`${line} → ${seconds()}\nBROKEN: ${messageOf(error)}\n${repeat}`);
      return 1;
    }
    number += 1;
  } while (performance.now() < until);
  const { failed, survived, killed } = outcomes;
  console.log(
    `\n${number - first} backups, ${failed} failed, ${survived} survived, ${killed} were killed: every promise was kept.`,
  );
  return 0;
}
