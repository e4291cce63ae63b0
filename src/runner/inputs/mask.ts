import * as core from '@actions/core';

/**
 * Makes the runner mask a connection string wherever it is printed: the whole, and its password as it is in the URL, as
 * it is sent to the server, and percent-encoded again.
 *
 * The URL need not be valid, because an invalid one must be masked too.
 */
export function maskConnectionSecrets(value: string): void {
  for (const secret of connectionSecrets(value)) maskSecret(secret);
}

/**
 * What is shorter hides nothing, and makes every line of the log unreadable: an "a" would become "***" everywhere. The
 * last line of a key can be as short.
 */
const SHORTEST_MASKED = 4;

/** Has the runner mask any other secret, each of its lines by itself: the log has no longer ones. */
export function maskSecret(secret: string): void {
  for (const line of secret.split(/[\r\n]+/)) mask(line);
}

function mask(text: string): void {
  if (text.trim().length >= SHORTEST_MASKED) core.setSecret(text);
}

/** The texts to mask, without duplicates and empty ones. */
export function connectionSecrets(value: string): string[] {
  const found = [rawPasswordOf(value.trim()) ?? '', ...secretParametersOf(value)];
  const secrets = found.map((secret) => [secret, percentDecoded(secret)] as const);
  const forms = secrets.flatMap(([raw, decoded]) => [raw, decoded, encodeURIComponent(decoded)]);
  return [...new Set([value, value.trim(), ...forms])].filter((secret) => secret.trim() !== '');
}

/** Secrets in URL parameters (the key of a prisma+postgres:// URL, a password, the password of a client key), and in what is no URL. */
function secretParametersOf(value: string): string[] {
  const settings = value.matchAll(/(?:^|[\s'";]|PG)password\s*=\s*(?:'([^']*)'|"([^"]*)"|([^\s;]+))/gi);
  const parameters = value.trim().matchAll(/[?&](?:api_key=([^&#\s]+)|(?:ssl)?password=([^&]+))/g);
  return [
    ...Array.from(parameters, ([, apiKey, password]) => apiKey ?? password ?? ''),
    ...Array.from(settings, ([, single, double, bare]) => single ?? double ?? bare ?? ''),
  ];
}

function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** The password as it is in a URL, even an invalid one, so that it can be masked. */
function rawPasswordOf(url: string): string | undefined {
  return /:\/\/[^:/?]*:(.+)@/s.exec(url)?.[1];
}
