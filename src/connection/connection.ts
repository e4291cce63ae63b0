import type { TlsTexts } from '../inputs/pem.ts';
import type { Environment } from '../process/run.ts';
import { type Circumstances, understandUrl } from './connection-string.ts';
import { libpqEnvironment } from './libpq-environment.ts';
import type { ConnectionParameters } from './parameters.ts';
import type { FailureHint } from './provider-rules.ts';
import { tellRemarks } from './remark.ts';
import { useTlsFiles } from './tls-files.ts';

/** A connection string that was understood: what it takes to open the connection. */
export interface ConnectionPlan {
  readonly parameters: ConnectionParameters;
  /** Where it leads, for the log: `db.example.com:5432`. */
  readonly address: string;
  readonly failureHints: readonly FailureHint[];
}

/**
 * Understands a connection string, before any work, and tells what is worth telling about it.
 *
 * @throws UserError when no backup can come from it.
 */
export async function planConnection(
  input: string,
  value: string,
  circumstances: Circumstances,
): Promise<ConnectionPlan> {
  const { parameters, remarks, failureHints } = await understandUrl(input, value, circumstances);
  tellRemarks(remarks);
  return { parameters, failureHints, address: addressOf(parameters) };
}

/** Makes what every tool needs to reach the server: files in the work folder, variables in its environment. */
export async function openConnection(
  input: string,
  plan: ConnectionPlan,
  texts: TlsTexts,
  workFolder: string,
): Promise<Environment> {
  return libpqEnvironment(input, await useTlsFiles(plan.parameters, texts, workFolder), workFolder);
}

function addressOf(parameters: ConnectionParameters): string {
  const hosts = (parameters.host ?? parameters.hostaddr ?? 'the local socket').split(',');
  const ports = (parameters.port ?? '5432').split(',');
  return hosts.map((host, index) => `${host}:${ports[index] ?? ports[0] ?? ''}`).join(', ');
}
