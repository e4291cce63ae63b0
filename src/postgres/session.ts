import type { ClientTools } from '../tools/client-tools.ts';
import type { Environment } from '../process/run.ts';
import { queryRows } from './psql.ts';

/** The client tools that a session uses. */
export type SessionTools = Pick<ClientTools, 'psql' | 'pgDump' | 'pgRestore' | 'major' | 'environment'>;

/** The tools, the connection to one database, and the signal that aborts their work. */
export class PgSession {
  readonly tools: SessionTools;
  /** The variables with which libpq finds the database. */
  readonly connection: Environment;
  readonly signal: AbortSignal;

  constructor(tools: SessionTools, connection: Environment, signal: AbortSignal) {
    this.tools = tools;
    this.connection = connection;
    this.signal = signal;
  }

  /** The whole environment of a tool that connects to the database. */
  get environment(): Environment {
    return { ...this.tools.environment, ...this.connection };
  }

  /** Runs SQL through psql; see {@link queryRows}. */
  query(sql: string, columns: number): Promise<string[][]> {
    return queryRows(this, sql, columns);
  }

  /** Another database of the same server. */
  on(database: string): PgSession {
    return this.with({ PGDATABASE: database });
  }

  /** The same database, with other variables of libpq. */
  with(variables: Environment): PgSession {
    return new PgSession(this.tools, { ...this.connection, ...variables }, this.signal);
  }

  /** The same database, with other tools. */
  using(tools: SessionTools): PgSession {
    return new PgSession(tools, this.connection, this.signal);
  }

  /** The same database, with another signal that aborts the work. */
  until(signal: AbortSignal): PgSession {
    return new PgSession(this.tools, this.connection, signal);
  }
}
