import * as core from '@actions/core';

/**
 * Has the runner mask a connection string wherever it is printed: whole, and its password as it stands in the URL, as
 * it is sent to the server, and percent-encoded anew.
 *
 * It needs no valid URL, because a broken one must be masked too.
 */
export function maskConnectionSecrets(value: string): void {
  for (const secret of connectionSecrets(value)) core.setSecret(secret);
}

/** Has the runner mask any other secret, each of its lines too. */
export function maskSecret(secret: string): void {
  if (secret.trim() !== '') core.setSecret(secret);
}

/** The texts to mask, without duplicates and empty ones. */
export function connectionSecrets(value: string): string[] {
  const password = rawPasswordOf(value.trim()) ?? '';
  const secrets = [password, apiKeyOf(value)].map((secret) => [secret, percentDecoded(secret)] as const);
  const forms = secrets.flatMap(([raw, decoded]) => [raw, decoded, encodeURIComponent(decoded)]);
  return [...new Set([value, value.trim(), ...forms])].filter((secret) => secret.trim() !== '');
}

/** The key of a prisma+postgres:// URL; empty where there is none. */
function apiKeyOf(value: string): string {
  return /[?&]api_key=([^&#\s]+)/.exec(value)?.[1] ?? '';
}

function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** The password as it stands in a URL, even in one that cannot be read otherwise: so that it can be masked. */
function rawPasswordOf(url: string): string | undefined {
  return /^[^:/]*:\/\/[^:/?]*:(.+)@/s.exec(url)?.[1];
}
