import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';

const ROOT = path.resolve(import.meta.dirname, '..');
/** From the top down: a room may import from those after it (CONTRIBUTING.md, "The map of the source"). */
const ROOMS = [
  ...['main', 'backup', 'restore', 'prune', 'check'],
  ...[
    'history',
    'archive',
    'age',
    'storage',
    'postgres',
    'tools',
    'github',
    'runner',
    'process',
    'errors.ts',
  ],
];
const ACTIONS = ['backup', 'restore', 'prune', 'check'];
/** A test restore is a restore: the backup comes to it through this one door. */
const DOOR = 'src/restore/engine.ts';

const files = globSync('src/**/*.ts', { cwd: ROOT }).map((file) => file.split(path.sep).join('/'));
const importsOf = new Map(files.map((file) => [file, imports(file)]));

function imports(file: string): string[] {
  const text = readFileSync(path.join(ROOT, file), 'utf8');
  return Array.from(text.matchAll(/\b(?:from|import)\s*\(?\s*'(\.{1,2}\/[^']+)'/g), ([, specifier = '']) =>
    path.posix.join(path.posix.dirname(file), specifier),
  );
}

function roomOf(file: string): string {
  return file.split('/')[1] ?? '';
}

function isUpwards(from: string, to: string): boolean {
  const [above, below] = [roomOf(from), roomOf(to)];
  if (above === below) return false;
  if (ROOMS.indexOf(below) < ROOMS.indexOf(above)) return true;
  return ACTIONS.includes(above) && ACTIONS.includes(below) && to !== DOOR;
}

/** A way from a file back to itself, if there is one. */
function circle(start: string): string[] | undefined {
  const seen = new Set<string>();
  const walk = (file: string, trail: string[]): string[] | undefined => {
    for (const next of importsOf.get(file) ?? []) {
      if (next === start) return [...trail, next];
      if (seen.has(next)) continue;
      seen.add(next);
      const found = walk(next, [...trail, next]);
      if (found) return found;
    }
    return undefined;
  };
  return walk(start, [start]);
}

describe('the source tree', () => {
  test('has the rooms that the map names, and no other', () => {
    expect([...new Set(files.map(roomOf))].toSorted()).toEqual(ROOMS.toSorted());
  });

  test('imports from the rooms below only, and between actions through the engine of the restore', () => {
    const upwards = [...importsOf].flatMap(([file, targets]) =>
      targets.filter((target) => isUpwards(file, target)).map((target) => `${file} -> ${target}`),
    );
    expect(upwards).toEqual([]);
  });

  test('has no circle of imports', () => {
    expect(files.map(circle).find((found) => found !== undefined)).toBeUndefined();
  });

  test('has each basename once, and none without meaning', () => {
    const names = files.map((file) => path.posix.basename(file));
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
    expect(files.filter((file) => /\b(?:utils?|helpers?|common|misc)\b/.test(file))).toEqual([]);
  });

  test('has no file of more than 300 lines', () => {
    const long = files.filter((file) => readFileSync(path.join(ROOT, file), 'utf8').split('\n').length > 301);
    expect(long).toEqual([]);
  });
});
