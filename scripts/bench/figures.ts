/** One measured figure and what is wanted of it. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: 'x' | 's' | 'MB' | 'MB/s';
  readonly atMost?: number;
  readonly atLeast?: number;
}

/** Prints figures as a table; a figure that falls short fails the process. */
export function printFigures(title: string, figures: readonly Figure[]): void {
  console.log(`\n${title}\n`);
  const width = Math.max(...figures.map(({ name }) => name.length));
  for (const figure of figures) {
    const good = isGood(figure);
    if (!good) process.exitCode = 1;
    const value = `${figure.unit.startsWith('MB') ? Math.round(figure.value) : figure.value.toFixed(2)} ${figure.unit}`;
    console.log(
      `  ${figure.name.padEnd(width)}  ${value.padStart(9)}  ${wanted(figure).padEnd(18)} ${good ? 'ok' : 'NOT MET'}`,
    );
  }
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? Number.NaN;
}

/** Milliseconds that `work` takes. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

function isGood({ value, atMost = Infinity, atLeast = -Infinity }: Figure): boolean {
  return value <= atMost && value >= atLeast;
}

function wanted({ unit, atMost, atLeast }: Figure): string {
  if (atMost !== undefined) return `at most ${atMost} ${unit}`;
  return atLeast === undefined ? '' : `at least ${atLeast} ${unit}`;
}
