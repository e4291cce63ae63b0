import { UserError } from '../../errors.ts';
import { UnavailableError } from '../unavailable.ts';
import type { Mirror } from './mirror-url.ts';

/** What was being done when apt failed. */
export interface AptTask {
  /** For messages: `PostgreSQL 17 client tools`. */
  readonly wanted: string;
  readonly mirror: Mirror;
  /** The suite's name: `bookworm-pgdg`. */
  readonly suite: string;
  readonly packages: readonly string[];
  /** Fingerprint of the key that must have signed the index, if it is known. */
  readonly fingerprint: string | undefined;
}

interface Explanation {
  readonly pattern: RegExp;
  readonly problem: (task: AptTask, text: string) => string;
  readonly hint: (task: AptTask) => string;
  /** The packages do not exist or cannot be reached: another source may have them. Never for a failed check. */
  readonly unavailable?: boolean;
}

/** The first match is used; a failure that causes others comes before them. */
const EXPLANATIONS: readonly Explanation[] = [
  {
    pattern: /No space left on device|not have enough free space/i,
    problem: () => 'the disk is full',
    hint: () => "Free some space on the runner's disk; the packages need about 50 MB.",
  },
  {
    pattern:
      /BADSIG|NO_PUBKEY|EXPKEYSIG|REVKEYSIG|NODATA|NOSPLIT|ERRSIG|is not signed|signatures? (?:were|was) invalid|couldn't be verified|[Ss]ignature verification failed|Clearsigned file isn't valid|Missing key/,
    problem: ({ suite, fingerprint }) =>
      `the index of ${suite} is not signed by ${fingerprint === undefined ? 'the given key' : `the key ${fingerprint}`}`,
    hint: ({ mirror }) =>
      mirror.custom
        ? 'Give the key that signs the mirror as apt-signing-key; a mirror that copies PGDG unchanged needs none.'
        : 'The data may have been modified in transit: run again; if the error persists, do not trust this network.',
  },
  {
    pattern: /is expired|Release file .* is not valid yet/,
    problem: ({ suite }) => `the index of ${suite} has expired, or the runner's clock is wrong`,
    hint: () => "Check the runner's clock; if it is right, the mirror is no longer updated: use another one.",
  },
  {
    pattern: /Hash Sum mismatch|has unexpected size|Hashes of (?:expected|received) file/i,
    problem: () => 'a downloaded file does not match the hash in the signed index',
    hint: ({ mirror }) =>
      mirror.custom
        ? 'The mirror may be in the middle of an update, or its files may be damaged: run again, then repair or replace it.'
        : 'The mirror may be in the middle of an update, or a proxy may modify files: run again in a few minutes.',
  },
  {
    pattern: /\s407\s+[A-Z]/,
    problem: () => 'the proxy requires a user name and password',
    hint: () =>
      "Set http_proxy and https_proxy (or apt's own proxy settings) on the runner, with the user name and password.",
    unavailable: true,
  },
  {
    pattern: /\s40[13]\s+[A-Z]/,
    problem: () => 'the server denied access',
    hint: () =>
      'Put the user name and password into the apt-mirror URL (from a secret), or use a mirror that needs none.',
    unavailable: true,
  },
  {
    pattern: /[Cc]ertificate verification failed|certificate is NOT trusted|Could not handshake/,
    problem: () => "the server's certificate is not trusted by this machine",
    hint: () =>
      'Install the CA certificate on the runner, or use http: the packages are verified by their signature.',
    unavailable: true,
  },
  {
    pattern: /Could not resolve|Temporary failure resolving|Something wicked happened resolving/,
    problem: () => 'its host name could not be resolved',
    hint: (task) => reachable(task),
    unavailable: true,
  },
  {
    pattern:
      /Could not connect|Unable to connect|Connection (?:failed|refused|timed out|reset)|Network is unreachable|timed out|Cannot initiate the connection/i,
    problem: () => 'the server could not be reached',
    hint: (task) => reachable(task),
    unavailable: true,
  },
  {
    pattern:
      /\s5\d\d\s+[A-Z]|Undetermined Error|Error reading from server|server closed (?:the )?connection/i,
    problem: () => 'the server failed to respond',
    hint: () => 'Run again in a few minutes; if the error persists, set apt-mirror to another mirror.',
    unavailable: true,
  },
  {
    pattern: /does not have a Release file|no longer has a Release file/,
    problem: ({ suite }) => `it has no packages for this release (no suite ${suite})`,
    hint: ({ mirror }) =>
      mirror.custom
        ? 'Check apt-mirror: dists/ and pool/ must be directly under it, and it must contain the release of the runner.'
        : 'Use a runner with a release that PGDG still supports (wiki.postgresql.org/wiki/Apt), or set apt-mirror to an archive of old packages.',
    unavailable: true,
  },
  {
    pattern: / 404 |File not found/,
    problem: () => 'files that its index lists are missing',
    hint: () =>
      'The mirror may be in the middle of an update: run again in a few minutes, or use another one.',
  },
  {
    pattern:
      /Unable to locate package|Can't find a source to download|has no installation candidate|Can't select/,
    problem: ({ packages, suite }, text) => {
      const named = packages.filter((name) => new RegExp(`\\b${name}\\b`).test(text));
      return `it has no package ${(named.length > 0 ? named : packages).join(', ')} in ${suite}`;
    },
    hint: ({ mirror }) =>
      mirror.custom
        ? 'Add the package to the mirror, or set postgres-version to one that it has.'
        : 'Set postgres-version to one that PGDG builds for this release (wiki.postgresql.org/wiki/Apt).',
    unavailable: true,
  },
];

/**
 * Explains why apt-get failed, from its output, which becomes the cause.
 *
 * @returns an UnavailableError when another source may have the packages.
 */
export function explainAptFailure(output: string, task: AptTask): UserError {
  const lines = errorLinesOf(output);
  const text = lines.join('\n');
  const found = EXPLANATIONS.find(({ pattern }) => pattern.test(text));
  const problem =
    found?.problem(task, text) ?? lines.find((line) => line.startsWith('E: '))?.slice(3) ?? 'apt-get failed';
  const hint =
    found?.hint(task) ?? 'The output of apt-get is in the log. Another mirror can be set with apt-mirror.';
  const cause = new Error(text || output.trim() || 'apt-get printed nothing');
  const { wanted, mirror } = task;
  if (found?.unavailable)
    return new UnavailableError({ wanted, place: mirror.label, reason: problem, hint }, { cause });
  return new UserError(
    'tools-unavailable',
    `${wanted} could not be downloaded from ${mirror.label}: ${problem}.`,
    hint,
    { cause },
  );
}

/** The error and warning lines of apt, with their continuation lines. */
export function errorLinesOf(output: string): string[] {
  const lines: string[] = [];
  let isError = false;
  for (const line of output.split('\n')) {
    isError = /^[EW]: /.test(line) || (isError && /^\s+\S/.test(line));
    if (isError) lines.push(line.trim());
  }
  return lines;
}

function reachable({ mirror }: AptTask): string {
  return mirror.custom
    ? 'Check the apt-mirror URL, and that the runner can reach it (firewall, proxy).'
    : 'If the runner has no internet access, set apt-mirror to a mirror that it can reach, or install the tools on the runner.';
}
