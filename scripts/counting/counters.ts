import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { FileCoverageData } from 'istanbul-lib-coverage';

/** How often each statement, function and arm of a branch of one source has run. */
type Counters = Pick<FileCoverageData, 'path' | 's' | 'f' | 'b'>;

/** All counters that were kept in a folder, added up per source. */
export function sumOfCounters(sources: readonly FileCoverageData[], folder: string): FileCoverageData[] {
  const sums = new Map(sources.map((source) => [source.path, structuredClone(source)]));
  for (const file of globSync('**/*.json', { cwd: folder })) {
    const kept: unknown = JSON.parse(readFileSync(path.join(folder, file), 'utf8'));
    for (const counters of Object.values(kept ?? {}).filter(isCounters)) {
      const sum = sums.get(counters.path);
      if (sum === undefined) throw new Error(`${file} counts ${counters.path}, which is no source.`);
      add(sum.s, counters.s);
      add(sum.f, counters.f);
      for (const [branch, arms] of Object.entries(counters.b)) {
        sum.b[branch] = (sum.b[branch] ?? []).map((count, arm) => count + (arms[arm] ?? 0));
      }
    }
  }
  return [...sums.values()];
}

function add(sum: Record<string, number>, counted: Readonly<Record<string, number>>): void {
  for (const [key, count] of Object.entries(counted)) sum[key] = (sum[key] ?? 0) + count;
}

function isCounters(value: unknown): value is Counters {
  return typeof value === 'object' && value !== null && ['path', 's', 'f', 'b'].every((key) => key in value);
}
