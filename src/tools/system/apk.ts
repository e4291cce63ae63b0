import { type Explanation, systemWay } from './package-manager.ts';

/** What apk-tools 2 and 3 say. An index that could not be fetched also makes packages "missing": it comes first. */
const EXPLANATIONS: readonly Explanation[] = [
  {
    pattern: /UNTRUSTED signature|BAD signature|BAD archive|v2 package integrity error/,
    reason: 'what was received is not signed by a key in /etc/apk/keys, or was changed on the way',
    hint: "Check /etc/apk/repositories, and that Alpine's keys (package alpine-keys) are those of this release; if both are right, do not trust this network.",
  },
  {
    pattern: /Unable to lock database|Unable to open (?:lock|log)/,
    reason: 'the package database cannot be written: another apk is running, or this user may not',
    hint: 'Run the job as root (for a container: "options: --user root").',
  },
  {
    pattern:
      /TLS: |DNS[: ]|temporary error|transient error|network error|could not connect|Network unreachable|timed out/i,
    reason: "Alpine's package servers could not be reached",
    hint: 'Check the way to the network (proxy, firewall, certificates) and /etc/apk/repositories, or use an image in which the tools are installed.',
    unavailable: true,
  },
  {
    pattern: /\(no such package\)|unsatisfiable constraints/,
    reason: 'this release of Alpine has no such package',
    hint: 'Set postgres-version to one that it has (pkgs.alpinelinux.org), or use an image of another release.',
    unavailable: true,
  },
];

/**
 * Installs Alpine's package of the client tools on the system, with apk; root or sudo is needed.
 *
 * What vouches for the bytes: apk checks the signature of the index by the keys in /etc/apk/keys, and each
 * package by its checksum in the index. It is never told to allow untrusted ones.
 *
 * @throws UserError when they cannot be had.
 */
export const installWithApk = systemWay((request, machine) => {
  const newer = request.checkLatest ? ['--upgrade'] : [];
  return {
    way: 'apk',
    place: "Alpine's packages",
    program: machine.programs.apk ?? '/sbin/apk',
    args: ['add', '--no-cache', '--no-progress', ...newer, `postgresql${request.major}-client`],
    needsRoot: true,
    explanations: EXPLANATIONS,
  };
});
