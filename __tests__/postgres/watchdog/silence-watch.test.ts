// What a server answers, and in which order, cannot be produced by a real one on demand: a stand-in for psql prints what
// psql printed. The watch, its clock and its counting are the real ones; the clock is a fast one.
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { fastClock } from '../../support/fast-clock.ts';
import { nodeProgram } from '../../support/node-program.ts';

const execute = promisify(execFile);

/** Shell commands that answer the question once. The first row is the name of the asking session. */
const ANSWERS = {
  waits: String.raw`printf 'the watch\0\0\0idle in transaction\0Client\0ClientRead\0'`,
  working: String.raw`printf 'the watch\0\0\0active\0IO\0DataFileRead\0'`,
  'no session': String.raw`printf 'the watch\0\0\0'`,
  // A pooler has its own name for every session: the tool's cannot be told from others.
  renamed: String.raw`printf 'pooler\0\0\0'`,
  'out of connections': `refuse 'FATAL:  too many connections for role "clerk"'`,
  'login refused': `refuse 'FATAL:  password authentication failed for user "clerk"'`,
  unreachable: `refuse 'Connection refused'`,
  silent: 'exec sleep 1000',
  'the tool gets on': String.raw`printf x >> progress; printf 'the watch\0\0\0active\0Client\0ClientWrite\0'`,
} as const;
type Answer = keyof typeof ANSWERS;

/** What stands in for psql; after the last answer it repeats that. */
function psql(answers: readonly Answer[]): string {
  return [
    '#!/bin/sh',
    'PATH=/usr/local/bin:/usr/bin:/bin',
    'cd "${0%/*}"',
    `refuse() { echo "psql: error: connection to server at \\"db\\" (10.0.0.1), port 5432 failed: $1" >&2; exit 2; }`,
    'cat > /dev/null',
    'echo asked >> questions',
    'case $(wc -l < questions | tr -d " ") in',
    ...answers.slice(0, -1).map((answer, index) => `${index + 1}) ${ANSWERS[answer]} ;;`),
    `*) ${ANSWERS[answers.at(-1) ?? 'silent']} ;;`,
    'esac',
    '',
  ].join('\n');
}

const WAITS = ['waits', 'waits', 'waits'] as const;
const GETS_NONE = /the server is waiting for a response and receives none/;
/** The answers that end a watch, no more than it takes, and the error with which it ends. */
const CASES: Readonly<Record<string, readonly [answers: readonly Answer[], error: RegExp]>> = {
  'three bad answers in a row': [WAITS, GETS_NONE],
  'three bad answers of several kinds': [
    ['waits', 'unreachable', 'no session'],
    /the server no longer has the connection/,
  ],
  'no connection to the server, three times': [
    ['unreachable', 'unreachable', 'unreachable'],
    /can no longer be reached \(Nothing accepts connections/,
  ],
  'no answer, three times': [
    ['silent', 'silent', 'silent'],
    /can no longer be reached \(it does not respond\)/,
  ],
  'two, and the server is working': [['waits', 'waits', 'working', ...WAITS], GETS_NONE],
  'two, and the tool gets on': [['waits', 'the tool gets on', ...WAITS], GETS_NONE],
  'two, and a server that is out of connections': [
    ['waits', 'waits', 'out of connections', ...WAITS],
    GETS_NONE,
  ],
  'two, and a server that refuses the login': [['waits', 'waits', 'login refused', ...WAITS], GETS_NONE],
  'a server that does not tell, and three bad answers': [['out of connections', ...WAITS], GETS_NONE],
  'two, and a pooler that hides the session': [['waits', 'waits', 'renamed', ...WAITS], GETS_NONE],
};

let folder: string;
let log: string;
let verdicts: unknown;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'silence-'));
  for (const [name, [answers]] of Object.entries(CASES)) {
    await mkdir(join(folder, name));
    await writeFile(join(folder, name, 'psql'), psql(answers), { mode: 0o755 });
  }
  const program = join(import.meta.dirname, '../../support/silence-watch-process.ts');
  const folders = Object.keys(CASES).map((name) => join(folder, name));
  const { stdout } = await execute(nodeProgram(), [program, ...folders], {
    env: { ...process.env, ...fastClock() },
    timeout: 100_000,
  });
  const at = stdout.trimEnd().lastIndexOf('\n');
  log = stdout.slice(0, at);
  verdicts = JSON.parse(stdout.slice(at));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('the watch over an inactive tool', () => {
  it.each(Object.entries(CASES))('ends after %s', async (name, [answers, error]) => {
    expect(verdicts).toHaveProperty([name], expect.stringMatching(error));
    const questions = await readFile(join(folder, name, 'questions'), 'utf8');
    expect(questions.trimEnd().split('\n')).toHaveLength(answers.length);
  });

  it('logs the answer of the server, or that there was none', () => {
    expect(log).toContain(
      'three bad answers in a row has received no data for 20 s: the server is waiting for a response',
    );
    expect(log).toContain(
      'a server that does not tell, and three bad answers has received no data for 20 s: the state of its session is unknown',
    );
  });
});
