// Generates docs/job-summary.png and docs/changes.png from the summaries of the demo's backups: `npm run picture`. Needs Chromium, from CHROME_PATH or PATH.
import { execFile } from 'node:child_process';
import { accessSync, constants, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { messageOf } from '../src/errors.ts';
import { smallPng } from './small-png.ts';
import { summaryPage } from './summary-page.ts';

const execute = promisify(execFile);
const ROOT = path.resolve(import.meta.dirname, '..');
const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome'];
/** What is drawn of which summary. In CSS pixels: as wide as GitHub's column, and tall enough for what is in it. */
const PICTURES = [
  { name: 'job-summary', summary: 'summary', part: factsAndTables, width: 860, height: 952 },
  { name: 'changes', summary: 'changes-summary', part: changes, width: 860, height: 462 },
] as const;
const LARGEST_BYTES = 200_000;

try {
  await draw(findChromium());
} catch (error) {
  console.error(messageOf(error));
  process.exitCode = 1;
}

async function draw(chromium: string): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), 'picture-'));
  try {
    console.log('Running the demo …');
    await execute(process.execPath, [path.join(ROOT, 'scripts/demo.ts'), folder]);
    for (const picture of PICTURES) await drawOne(chromium, folder, picture);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function drawOne(
  chromium: string,
  folder: string,
  { name, summary, part, width, height }: (typeof PICTURES)[number],
): Promise<void> {
  const page = path.join(folder, `${name}.html`);
  const file = path.join(ROOT, 'docs', `${name}.png`);
  const shown = part(readFileSync(path.join(folder, `${summary}.md`), 'utf8'));
  writeFileSync(page, summaryPage(shown, { title: 'backup' }));
  await execute(chromium, [
    ...['--headless', '--disable-gpu', '--hide-scrollbars', '--force-device-scale-factor=2'],
    // Chromium's sandbox does not work as root and in containers; the page is ours and has no script.
    ...['--no-sandbox', `--user-data-dir=${path.join(folder, 'profile')}`],
    ...[`--window-size=${width},${height}`, `--screenshot=${file}`, `file://${page}`],
  ]);
  writeFileSync(file, smallPng(readFileSync(file)));
  const { size } = statSync(file);
  console.log(`${path.relative(process.cwd(), file)}: ${Math.round(size / 1000)} kB`);
  if (size > LARGEST_BYTES) throw new Error(`The picture is larger than ${LARGEST_BYTES / 1000} kB.`);
}

/** What fits: facts and tables, which come before the other sections. The path of the demo's file is left out. */
function factsAndTables(summary: string): string {
  const [facts = ''] = summary.replace(/^\| File \|.*\n/m, '').split(/\n### (?:Not in|Changes)/);
  return facts;
}

function changes(summary: string): string {
  return /^### Changes since[^]*?(?=\n### )/m.exec(summary)?.[0] ?? '';
}

/** @throws Error when there is none. */
function findChromium(): string {
  const { CHROME_PATH: given, PATH: folders = '' } = process.env;
  if (given !== undefined && given !== '') return given;
  const found = folders
    .split(path.delimiter)
    .flatMap((folder) => NAMES.map((name) => path.join(folder, name)))
    .find(isProgram);
  if (found === undefined) {
    throw new Error(
      `There is no Chromium on PATH (${NAMES.join(', ')}). Install one, on Debian with "apt-get install chromium", or set CHROME_PATH.`,
    );
  }
  return found;
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
