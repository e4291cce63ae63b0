import { PgSession, type SessionTools } from '../../src/postgres/session.ts';
import type { Environment } from '../../src/process/run.ts';

const NO_TOOLS: SessionTools = { psql: '', pgDump: '', pgRestore: '', major: 17, environment: {} };

/** A session with some of the tools, which nobody ends unless a signal is given. */
export function testSession(
  tools: Partial<SessionTools>,
  connection: Environment,
  signal = new AbortController().signal,
): PgSession {
  return new PgSession({ ...NO_TOOLS, ...tools }, connection, signal);
}
