import path from 'node:path';
import coverage, { type FileCoverage } from 'istanbul-lib-coverage';

/** The least width of a name, so that most figures stand below one another. */
const NAME_WIDTH = 34;

/**
 * A line per folder, and below it one per file that was not covered wholly, with the lines that never ran, and those
 * that ran without one of their functions or one arm of a branch.
 */
export function coverageTable(files: readonly FileCoverage[]): string {
  const lines = [row('', ['lines', 'branches', 'functions'])];
  const folders = Map.groupBy(files, (file) => path.dirname(file.path));
  for (const [folder, within] of [...folders].sort(([a], [b]) => (a < b ? -1 : 1))) {
    lines.push(row(`${folder}/`, figures(within)));
    for (const file of within) {
      const never = file.getUncoveredLines().map(Number);
      const partly = partlyCoveredLines(file).filter((line) => !never.includes(line));
      const where = [words('never', never), words('partly', partly)].filter((text) => text !== '').join('; ');
      if (where !== '') lines.push(`${row(`  ${path.basename(file.path)}`, figures([file]))}  ${where}`);
    }
  }
  return [...lines, row('all', figures(files))].join('\n');
}

function figures(files: readonly FileCoverage[]): string[] {
  const summary = coverage.createCoverageSummary();
  for (const file of files) summary.merge(file.toSummary());
  return [summary.lines, summary.branches, summary.functions].map(({ covered, total }) =>
    total === 0 ? '–' : `${((100 * covered) / total).toFixed(1)} %`,
  );
}

function row(name: string, cells: readonly string[]): string {
  return [name.padEnd(NAME_WIDTH), ...cells.map((cell) => cell.padStart(9))].join('  ');
}

function words(what: string, lines: readonly number[]): string {
  return lines.length === 0 ? '' : `${what} ${lineRanges(lines).join(', ')}`;
}

/** The lines of functions that were never called and of branches of which an arm was never taken. */
function partlyCoveredLines({ data: { f, fnMap, b, branchMap } }: FileCoverage): number[] {
  const functions = Object.entries(fnMap)
    .filter(([key]) => f[key] === 0)
    .map(([, { decl }]) => decl.start.line);
  const branches = Object.entries(branchMap).flatMap(([key, { loc, locations }]) =>
    // An `else` that is not written has no place of its own.
    (b[key] ?? []).flatMap((count, arm) => (count === 0 ? [lineOf(locations[arm]) ?? loc.start.line] : [])),
  );
  return [...new Set([...functions, ...branches])].sort((a, b) => a - b);
}

/** `3-5, 9` for 3, 4, 5 and 9, each as a text. */
export function lineRanges(lines: readonly number[]): string[] {
  const ranges: { first: number; last: number }[] = [];
  for (const line of lines) {
    const range = ranges.at(-1);
    if (range?.last === line - 1) range.last = line;
    else ranges.push({ first: line, last: line });
  }
  return ranges.map(({ first, last }) => (first === last ? `${first}` : `${first}-${last}`));
}

/** What tools and editors read: the tracefile of lcov, as geninfo(1) describes it. */
export function lcovTracefile(files: readonly FileCoverage[]): string {
  return files.map((file) => lcovRecord(file).join('\n')).join('\n') + '\n';
}

function lcovRecord(file: FileCoverage): string[] {
  const { f, fnMap, b, branchMap } = file.data;
  const { lines, branches, functions } = file.toSummary();
  return [
    'TN:',
    `SF:${file.path}`,
    ...Object.values(fnMap).map(({ name, decl }) => `FN:${decl.start.line},${name}`),
    ...Object.entries(fnMap).map(([key, { name }]) => `FNDA:${f[key] ?? 0},${name}`),
    `FNF:${functions.total}`,
    `FNH:${functions.covered}`,
    ...Object.entries(branchMap).flatMap(([key, { loc }]) =>
      (b[key] ?? []).map((count, arm) => `BRDA:${loc.start.line},${key},${arm},${count}`),
    ),
    `BRF:${branches.total}`,
    `BRH:${branches.covered}`,
    ...Object.entries(file.getLineCoverage()).map(([line, count]) => `DA:${line},${count}`),
    `LF:${lines.total}`,
    `LH:${lines.covered}`,
    'end_of_record',
  ];
}

/** The types promise a line; the place of an unwritten `else` has none. */
function lineOf(place: { readonly start: { readonly line?: number } } | undefined): number | undefined {
  return place?.start.line;
}
