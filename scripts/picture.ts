// Generates docs/job-summary.png from the summary of the demo's backup: `npm run picture`. Needs Chromium, from CHROME_PATH or PATH.
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
const PICTURE = path.join(ROOT, 'docs', 'job-summary.png');
const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome'];
/** In CSS pixels: as wide as GitHub's column, and tall enough for the facts and the tables of the shop. */
const SIZE = { width: 860, height: 952 };
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
    const page = path.join(folder, 'picture.html');
    writeFileSync(page, forPicture(readFileSync(path.join(folder, 'summary.md'), 'utf8')));
    await execute(chromium, [
      ...['--headless', '--disable-gpu', '--hide-scrollbars', '--force-device-scale-factor=2'],
      // Chromium's sandbox does not work as root and in containers; the page is ours and has no script.
      ...['--no-sandbox', `--user-data-dir=${path.join(folder, 'profile')}`],
      ...[`--window-size=${SIZE.width},${SIZE.height}`, `--screenshot=${PICTURE}`, `file://${page}`],
    ]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  writeFileSync(PICTURE, smallPng(readFileSync(PICTURE)));
  const { size } = statSync(PICTURE);
  console.log(`${path.relative(process.cwd(), PICTURE)}: ${Math.round(size / 1000)} kB`);
  if (size > LARGEST_BYTES) throw new Error(`The picture is larger than ${LARGEST_BYTES / 1000} kB.`);
}

/** What fits: facts and tables, which come before the commands that restore it. The path of the demo's file is left out. */
function forPicture(summary: string): string {
  const [facts = ''] = summary.replace(/^\| File \|.*\n/m, '').split(/\n### .*\n+```/);
  return summaryPage(facts, { title: 'backup' });
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
