import { setTimeout as pause } from 'node:timers/promises';
import { UserError } from '../../errors.ts';
import { duration } from '../../runner/format.ts';
import { log } from '../../runner/log.ts';
import { plainLine } from '../../runner/plain-text.ts';
import { ACTIVITY_IS_KNOWN, activityOf } from '../../process/activity.ts';
import { diagnose } from '../diagnosis/diagnosis.ts';
import { PsqlError } from '../psql.ts';
import type { PgSession } from '../session.ts';

/** A tool of PostgreSQL that is at work over a connection. */
export interface WatchedTool {
  /** Its name, for the messages: `pg_dump`. */
  readonly name: string;
  /** The connection over which its server is asked. */
  readonly session: PgSession;
  /** What its sessions are called; when absent, what the environment calls them. */
  readonly applicationName?: string;
  /** Anything that changes when it gets on, beside what its process does. */
  readonly progress?: () => string | number;
}

/** The watch over one tool. */
export interface SilenceWatch {
  /** Aborted with a UserError when the connection has died. */
  readonly signal: AbortSignal;
  /** To be told each process of the tool. */
  readonly onSpawn: (pid: number) => void;
  readonly stop: () => Promise<void>;
}

/**
 * What a question to the server says of the tool's connection: it is at work; it waits for the tool, which waits for
 * it, so something between them has died; it has no such session; it does not answer; or that cannot be known, as when
 * the role may have a single connection.
 */
export type ServerSide =
  | { readonly kind: 'at work'; readonly waitsFor: string }
  | { readonly kind: 'waits for the tool' | 'no session' | 'unknown' }
  | { readonly kind: 'unreachable'; readonly cause: string };

const LOOK_EVERY_MS = 5_000;
/** The server is asked after so many looks that saw nothing happen: 20 s. */
const LOOKS_BEFORE_QUESTION = 4;
const ANSWER_WITHIN_MS = 20_000;
/** So many bad answers in a row are proof: with the time that they take, within two minutes of silence. */
const BAD_ANSWERS = 3;
/** Where the system does not tell what a process does, silence may not be silence: within ten minutes. */
const BAD_ANSWERS_UNSEEN = 15;

/**
 * Watches a tool whose connection may die without a word: a router on the way forgets it, a tunnel hangs. The tool would
 * wait for ever. Keepalives notice a host that is gone; they do not notice a proxy that still answers for a dead server.
 *
 * A tool that does nothing is no proof: the server may sort, or wait for a lock. So the server is asked, over a new
 * connection, what it is doing for the tool.
 */
export function watchSilence(tool: WatchedTool): SilenceWatch {
  const dead = new AbortController();
  const stopped = new AbortController();
  const pids: number[] = [];
  const activity = (): string => [tool.progress?.() ?? '', ...pids.map(activityOf)].join(' ');
  const watch = async (): Promise<void> => {
    let last = activity();
    let quietLooks = 0;
    let answers: ServerSide[] = [];
    while (!dead.signal.aborted) {
      await pause(LOOK_EVERY_MS, undefined, { signal: stopped.signal });
      const now = activity();
      if (now !== last) [last, quietLooks, answers] = [now, 0, []];
      else quietLooks += 1;
      if (quietLooks === 0 || quietLooks % LOOKS_BEFORE_QUESTION !== 0) continue;
      const answer = await askServerSide(tool, stopped.signal);
      answers = [...answers, answer];
      if (isPowerOfTwo(answers.length)) {
        log.info(
          `${tool.name} has got nothing for ${duration(quietLooks * LOOK_EVERY_MS)}: ${inWords(answer)}`,
        );
      }
      const verdict = judgeSilence(tool.name, answers, ACTIVITY_IS_KNOWN ? BAD_ANSWERS : BAD_ANSWERS_UNSEEN);
      if (verdict) dead.abort(verdict);
    }
  };
  const watching = watch().catch(() => {
    // It was stopped.
  });
  return {
    signal: dead.signal,
    onSpawn: (pid) => {
      pids.push(pid);
    },
    stop: () => {
      stopped.abort();
      return watching;
    },
  };
}

/** What the server says of its side, or that it says nothing. */
async function askServerSide(tool: WatchedTool, signal: AbortSignal): Promise<ServerSide> {
  const { session, applicationName } = tool;
  const timeout = AbortSignal.timeout(ANSWER_WITHIN_MS);
  try {
    const asking = session.until(AbortSignal.any([signal, timeout]));
    const [own, ...sessions] = await asking.query(sessionsSql(applicationName), 3);
    const isRenamed = applicationName !== undefined && own?.[0] !== session.environment['PGAPPNAME'];
    return isRenamed ? { kind: 'unknown' } : serverSide(sessions);
  } catch (error) {
    signal.throwIfAborted();
    if (timeout.aborted) return { kind: 'unreachable', cause: 'it does not answer' };
    const stderr = error instanceof PsqlError ? error.stderr : '';
    // A server that refuses is there.
    return /FATAL/.test(stderr)
      ? { kind: 'unknown' }
      : { kind: 'unreachable', cause: diagnose(stderr).cause };
  }
}

/** The name of this session as the server has it (a pooler may change it), then the tool's: a role sees all of its own. */
const sessionsSql = (applicationName: string | undefined): string => `
SELECT pg_catalog.current_setting('application_name'), NULL, NULL;
SELECT state, wait_event_type, wait_event FROM pg_catalog.pg_stat_activity
WHERE application_name = ${applicationName === undefined ? "pg_catalog.current_setting('application_name')" : `'${applicationName}'`}
  AND usename = current_user AND pid <> pg_catalog.pg_backend_pid();`;

/** Of the rows (state, type of the wait, what is waited for) of the tool's sessions: one that is at work is enough. */
export function serverSide(rows: readonly (readonly string[])[]): ServerSide {
  if (rows.length === 0) return { kind: 'no session' };
  const busy = rows.find(([state, waitType]) => state === 'active' && waitType !== 'Client');
  if (!busy) return { kind: 'waits for the tool' };
  const [, waitType = '', event = ''] = busy;
  return { kind: 'at work', waitsFor: waitType === '' ? '' : `${waitType}: ${event}` };
}

/**
 * Judges a silence by the answers since it began.
 *
 * @param badAnswers so many in a row are proof.
 * @returns the error to give up with; undefined to wait on.
 */
export function judgeSilence(
  tool: string,
  answers: readonly ServerSide[],
  badAnswers: number,
): UserError | undefined {
  const lately = answers.slice(-badAnswers);
  if (lately.length < badAnswers) return undefined;
  if (lately.some(({ kind }) => kind === 'at work' || kind === 'unknown')) return undefined;
  const last = lately.at(-1);
  return last && silent(tool, last);
}

function silent(tool: string, last: ServerSide): UserError {
  return new UserError(
    'no-progress',
    `The connection of ${tool} went silent: nothing came for over a minute, and ${inWords(last)}.`,
    'Something between the runner and the server has dropped the connection (a router, VPN, proxy or the host itself). Run the job again; if it stays so, run it on a runner that is nearer to the server.',
  );
}

function inWords(answer: ServerSide): string {
  switch (answer.kind) {
    case 'at work':
      return `the server is at work${answer.waitsFor === '' ? '' : ` (${plainLine(answer.waitsFor)})`}`;
    case 'waits for the tool':
      return 'the server waits for an answer and gets none';
    case 'no session':
      return 'the server does not know of the connection';
    case 'unreachable':
      return `the server cannot be reached any more (${plainLine(answer.cause).replace(/\.$/, '')})`;
    case 'unknown':
      return 'the server does not tell what it is doing';
  }
}

/** A server that is at work for hours is not told of every 20 seconds. */
function isPowerOfTwo(number: number): boolean {
  return Number.isInteger(Math.log2(number));
}
