import { setTimeout as pause } from 'node:timers/promises';
import { UserError } from '../../errors.ts';
import { duration } from '../../runner/format.ts';
import { log } from '../../runner/log.ts';
import { plainLine } from '../../runner/plain-text.ts';
import { ACTIVITY_IS_KNOWN, activityOf } from '../../process/activity.ts';
import { shownCause } from '../diagnosis/diagnosis.ts';
import { PsqlError } from '../psql.ts';
import type { PgSession } from '../session.ts';

/** A running tool of PostgreSQL with a connection to the server. */
export interface WatchedTool {
  /** Its name, for messages: `pg_dump`. */
  readonly name: string;
  /** The connection for queries to its server. */
  readonly session: PgSession;
  /** The application name of its sessions; that of the environment when absent. */
  readonly applicationName?: string;
  /** Any value that changes with its progress, beside the activity of its processes. */
  readonly progress?: () => string | number;
}

/** The watch over one tool. */
export interface SilenceWatch {
  /** Aborted with a UserError when the connection has died. */
  readonly signal: AbortSignal;
  /** To be called with each process of the tool. */
  readonly onSpawn: (pid: number) => void;
  readonly stop: () => Promise<void>;
}

/**
 * What the server says about the tool's session: it is working; it waits for the tool, which waits for
 * it, so the connection between them is dead; it does not exist; the server does not respond; or it is unknown, for example because
 * the role is limited to one connection.
 */
export type ServerSide =
  | { readonly kind: 'working'; readonly waitsFor: string }
  | { readonly kind: 'waits for the tool' | 'no session' | 'unknown' }
  | { readonly kind: 'unreachable'; readonly cause: string };

const LOOK_EVERY_MS = 5_000;
/** The server is queried after this many checks without any activity: 20 s. */
const LOOKS_BEFORE_QUESTION = 4;
const ANSWER_WITHIN_MS = 20_000;
/** The connection counts as dead after this many bad answers in a row: within two minutes, with the time that they take. */
const BAD_ANSWERS = 3;
/** Where the system does not show the activity of a process, it may be active all the same: within ten minutes. */
const BAD_ANSWERS_UNSEEN = 15;

/**
 * Watches a tool whose connection may be lost without an error: a router drops it, a tunnel hangs. The tool would
 * wait forever. Keepalives detect a host that is gone, but not a proxy that still answers for a dead server.
 *
 * An inactive tool alone means nothing: the server may sort, or wait for a lock. So the server is asked, over a new
 * connection, what the tool's session is doing.
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
          `${tool.name} has received no data for ${duration(quietLooks * LOOK_EVERY_MS)}: ${describeServerSide(answer)}`,
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

/** Asks the server what the tool's session is doing. */
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
    if (timeout.aborted) return { kind: 'unreachable', cause: 'it does not respond' };
    const stderr = error instanceof PsqlError ? error.stderr : '';
    // A server that refuses a connection is running.
    return /FATAL/.test(stderr) ? { kind: 'unknown' } : { kind: 'unreachable', cause: shownCause(stderr) };
  }
}

/** The name of this session on the server (a pooler may change it), then the tool's sessions: a role can see its own. */
const sessionsSql = (applicationName: string | undefined): string => `
SELECT pg_catalog.current_setting('application_name'), NULL, NULL;
SELECT state, wait_event_type, wait_event FROM pg_catalog.pg_stat_activity
WHERE application_name = ${applicationName === undefined ? "pg_catalog.current_setting('application_name')" : `'${applicationName}'`}
  AND usename = current_user AND pid <> pg_catalog.pg_backend_pid();`;

/** Evaluates the rows (state, wait type, wait event) of the tool's sessions: one that is working is enough. */
export function serverSide(rows: readonly (readonly string[])[]): ServerSide {
  if (rows.length === 0) return { kind: 'no session' };
  const busy = rows.find(([state, waitType]) => state === 'active' && waitType !== 'Client');
  if (!busy) return { kind: 'waits for the tool' };
  const [, waitType = '', event = ''] = busy;
  return { kind: 'working', waitsFor: waitType === '' ? '' : `${waitType}: ${event}` };
}

/**
 * Decides from the answers since the tool became inactive whether its connection is dead.
 *
 * @param badAnswers how many in a row mean that it is.
 * @returns the error to end the tool with; undefined to keep waiting.
 */
export function judgeSilence(
  tool: string,
  answers: readonly ServerSide[],
  badAnswers: number,
): UserError | undefined {
  const lately = answers.slice(-badAnswers);
  if (lately.length < badAnswers) return undefined;
  if (lately.some(({ kind }) => kind === 'working' || kind === 'unknown')) return undefined;
  const last = lately.at(-1);
  return last && silent(tool, last);
}

function silent(tool: string, last: ServerSide): UserError {
  return new UserError(
    'no-progress',
    `The connection of ${tool} is dead: no data was received for over a minute, and ${describeServerSide(last)}.`,
    'Something between the runner and the server has dropped the connection (a router, VPN, proxy or the host itself). Run the job again; if the error persists, use a runner that is closer to the server.',
    { silent: 'same' },
  );
}

function describeServerSide(answer: ServerSide): string {
  switch (answer.kind) {
    case 'working':
      return `the server is working${answer.waitsFor === '' ? '' : ` (${plainLine(answer.waitsFor)})`}`;
    case 'waits for the tool':
      return 'the server is waiting for a response and receives none';
    case 'no session':
      return 'the server no longer has the connection';
    case 'unreachable':
      return `the server can no longer be reached (${plainLine(answer.cause).replace(/\.$/, '')})`;
    case 'unknown':
      return 'the state of its session is unknown';
  }
}

/** Keeps the log short while the server works for hours. */
function isPowerOfTwo(number: number): boolean {
  return Number.isInteger(Math.log2(number));
}
