import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * PostgreSQL has new minor versions at least every three months (postgresql.org/developer/roadmap), and PGDG signs each index
 * anew then.
 */
const LONGEST_DAYS = 120;
const DAY_MS = 86_400_000;

/**
 * When the newest index in a folder of apt's lists was signed, as it says itself (`Date` in Release). apt has checked the
 * signature.
 *
 * @returns undefined when none says so.
 */
export async function indexDate(lists: string): Promise<Date | undefined> {
  const names = (await readdir(lists)).filter((name) => /_(?:In)?Release$/.test(name));
  const texts = await Promise.all(names.map((name) => readFile(join(lists, name), 'utf8')));
  const times = texts.map((text) => Date.parse(/^Date: (.+)$/m.exec(text)?.[1] ?? ''));
  const newest = Math.max(...times.filter((time) => !Number.isNaN(time)));
  return Number.isFinite(newest) ? new Date(newest) : undefined;
}

/** What there is to say of an index that is older than any that PGDG keeps; undefined of a newer one. Pure. */
export function oldIndexText(place: string, date: Date, now: Date): string | undefined {
  const days = Math.floor((now.getTime() - date.getTime()) / DAY_MS);
  if (days <= LONGEST_DAYS) return undefined;
  return `The package index of ${place} is from ${date.toISOString().slice(0, 10)} (${days} days old): this release is no longer updated there, or newer client tools are withheld in transit.`;
}
