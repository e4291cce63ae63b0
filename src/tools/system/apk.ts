import { type Explanation, systemInstaller } from './package-manager.ts';

/** Messages of apk-tools 2 and 3. An index that could not be downloaded also makes packages "missing", so it comes first. */
const EXPLANATIONS: readonly Explanation[] = [
  {
    pattern: /UNTRUSTED signature|BAD signature|BAD archive|v2 package integrity error/,
    reason: 'a downloaded file is not signed by a key in /etc/apk/keys, or was modified in transit',
    hint: "Check /etc/apk/repositories, and that Alpine's keys (package alpine-keys) are those of this release; if both are right, do not trust this network.",
  },
  {
    pattern: /Unable to lock database|Unable to open (?:lock|log)/,
    reason: 'the package database cannot be written: another apk is running, or this user lacks permission',
    hint: 'Run the job as root (for a container: "options: --user root").',
  },
  {
    pattern:
      /TLS: |DNS[: ]|temporary error|transient error|network error|could not connect|Network unreachable|timed out/i,
    reason: "Alpine's package servers could not be reached",
    hint: 'Check the network (proxy, firewall, certificates) and /etc/apk/repositories, or use an image in which the tools are installed.',
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
 * Verified by the keys in /etc/apk/keys: apk checks the signature of the index with them, and each
 * package by its checksum in the index. Untrusted packages are never allowed.
 *
 * @throws UserError when they cannot be installed.
 */
export const installWithApk = systemInstaller((request, machine) => ({
  method: 'apk',
  place: "Alpine's packages",
  program: machine.programs.apk ?? '/sbin/apk',
  // Without --upgrade, apk keeps an installed version that is too old to be used.
  args: ['add', '--no-cache', '--no-progress', '--upgrade', `postgresql${request.major}-client`],
  needsRoot: true,
  explanations: EXPLANATIONS,
}));
