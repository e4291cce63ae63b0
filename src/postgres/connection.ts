import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { UserError } from '../errors.ts';
import { maskConnectionSecrets } from '../runner/inputs/mask.ts';
import type { TlsTexts } from './pem.ts';
import type { Environment } from '../process/run.ts';
import type { WorkFolder } from '../runner/work-folder.ts';
import { type ConnectionContext, resolveConnection } from './url/connection-string.ts';
import { libpqEnvironment } from './libpq-environment.ts';
import type { ConnectionParameters } from './url/parameters.ts';
import { readPrismaUrl } from './url/prisma-key.ts';
import type { FailureHint } from './url/provider-rules.ts';
import { type Notice, logNotices } from './url/notice.ts';
import { pastedUrl } from './url/pasted.ts';
import { useTlsFiles } from './tls-files.ts';
import type { TunnelError } from './tunnel/tunnel-failure.ts';
import { USE_DIRECT, retirementWarning, tunnelGateway } from './tunnel/tunnel-gateway.ts';
import { TUNNEL_LIMIT, openTunnel, tunnelParameters } from './tunnel/tunnel.ts';

/** A parsed connection string: what is needed to open the connection. */
export type ConnectionPlan =
  | {
      readonly kind: 'server';
      readonly parameters: ConnectionParameters;
      readonly address: string;
      readonly failureHints: readonly FailureHint[];
    }
  | { readonly kind: 'tunnel'; readonly apiKey: string; readonly gatewayUrl: URL };

/** A limit on how many sessions there can be at once. */
export interface ConnectionLimit {
  /** Whose limit it is: `the server`. */
  readonly of: string;
  readonly most: number;
  /** How many of these are in use, or kept for others. */
  readonly taken: number;
}

/** A connection to the server for every tool. */
export interface Connection extends AsyncDisposable {
  /** The variables by which libpq finds the server. */
  readonly environment: Environment;
  /** The server's address, for the log: `db.example.com:5432`. */
  readonly address: string;
  readonly failureHints: readonly FailureHint[];
  /** Whether there may be an unknown pooler in between; Prisma's tunnel leads to the database itself. */
  readonly mayBePooled: boolean;
  /** Of what is in between; undefined: the server alone decides. */
  readonly limit: ConnectionLimit | undefined;
  /** Why it failed, if that is known better than from the output of the tools. */
  readonly failure: () => TunnelError | undefined;
  /** Closes it. Never throws. */
  readonly [Symbol.asyncDispose]: () => Promise<void>;
}

/**
 * Parses a connection string, before any work, and logs notices about it.
 *
 * @param value as it was found, with whatever was pasted around it.
 * @throws UserError when it cannot be used.
 */
export async function planConnection(
  input: string,
  value: string,
  context: ConnectionContext,
): Promise<ConnectionPlan> {
  const { url, notices } = pastedUrl(input, value);
  maskConnectionSecrets(url);
  logNotices(notices);
  if (url.startsWith('prisma:')) throw accelerateError(input);
  if (!url.startsWith('prisma+')) return planServer(input, url, context, []);
  const target = readPrismaUrl(input, url);
  switch (target.kind) {
    case 'tunnel':
      logNotices([{ level: 'warning', text: retirementWarning(input, new Date()) }]);
      return { kind: 'tunnel', apiKey: target.apiKey, gatewayUrl: tunnelGateway(context.env) };
    case 'direct': {
      maskConnectionSecrets(target.url);
      const text = `${input}: the direct address of the database was taken from the key of a prisma+postgres:// URL, which Prisma does not document and may stop. ${USE_DIRECT}`;
      return planServer(input, target.url, context, [{ level: 'warning', text }]);
    }
    case 'local': {
      maskConnectionSecrets(target.url);
      const text = `${input}: this is the server of "prisma dev", which cannot serve a dump reliably. Use a real server.`;
      return planServer(input, target.url, context, [{ level: 'warning', text }]);
    }
  }
}

/**
 * Prepares the connection: files in the work folder, the tunnel if one is needed, variables for the tools.
 *
 * @param input the input with the connection string, for the messages.
 * @throws UserError when it cannot be opened.
 */
export async function openConnection(
  input: string,
  plan: ConnectionPlan,
  {
    tls,
    workFolder,
    signal,
  }: { readonly tls: TlsTexts; readonly workFolder: WorkFolder; readonly signal: AbortSignal },
): Promise<Connection> {
  // A separate folder, so that a job can have two connections.
  const folder = path.join(workFolder.path, input);
  await mkdir(folder, { mode: 0o700 });
  if (plan.kind === 'server') {
    const parameters = await useTlsFiles(plan.parameters, tls, folder);
    return {
      environment: await libpqEnvironment(input, parameters, folder),
      address: plan.address,
      failureHints: plan.failureHints,
      mayBePooled: true,
      limit: undefined,
      failure: () => undefined,
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  }
  const tunnel = await openTunnel({ apiKey: plan.apiKey, gatewayUrl: plan.gatewayUrl, signal });
  return {
    environment: await libpqEnvironment(input, tunnelParameters(tunnel), folder),
    address: `${plan.gatewayUrl.host} (Prisma's tunnel)`,
    failureHints: [],
    mayBePooled: false,
    limit: TUNNEL_LIMIT,
    failure: () => tunnel.failure,
    [Symbol.asyncDispose]: () => tunnel.close(),
  };
}

async function planServer(
  input: string,
  url: string,
  context: ConnectionContext,
  before: readonly Notice[],
): Promise<ConnectionPlan> {
  const { parameters, notices, failureHints } = await resolveConnection(input, url, context);
  logNotices([...before, ...notices]);
  return { kind: 'server', parameters, failureHints, address: addressOf(parameters) };
}

function accelerateError(input: string): UserError {
  return new UserError(
    'invalid-input',
    `${input}: prisma:// leads to Prisma Accelerate, a cache in front of a database, which cannot be dumped.`,
    'Use the postgres:// URL of the database itself.',
  );
}

function addressOf(parameters: ConnectionParameters): string {
  const hosts = (parameters.host ?? parameters.hostaddr ?? 'the local socket').split(',');
  const ports = (parameters.port ?? '5432').split(',');
  return hosts.map((host, index) => `${host}:${ports[index] ?? ports[0] ?? ''}`).join(', ');
}
