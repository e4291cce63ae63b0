import { type Explanation, systemInstaller } from './package-manager.ts';

const EXPLANATIONS: readonly Explanation[] = [
  {
    pattern: /SHA-?256 mismatch|checksum mismatch|attestation verification failed|invalid signature/i,
    reason: 'a downloaded file does not match the checksum in the formula',
    hint: 'Run again; if the error persists, a proxy may modify files: do not trust this network.',
  },
  {
    pattern: /No available formula|No formulae? (?:or casks )?found|has been disabled|is disabled/,
    reason: 'Homebrew has no such formula, or no longer installs it',
    hint: 'Set postgres-version to one that Homebrew has (formulae.brew.sh).',
    unavailable: true,
  },
  {
    pattern: /curl: \(\d+\)|Could not resolve host|Failed to download resource|Download failed/,
    reason: "Homebrew's servers could not be reached",
    hint: 'Check the network (proxy, firewall), or install the tools on the runner.',
    unavailable: true,
  },
  {
    pattern: /Running Homebrew as root/,
    reason: 'Homebrew does not run as root',
    hint: "Run the job as the user who owns Homebrew's folder.",
  },
];

/**
 * Installs Homebrew's formula of PostgreSQL on the system; it is keg-only, so nothing appears on PATH.
 *
 * Verified by Homebrew: it checks each bottle by the SHA-256 in its formula, and the formulae by
 * Homebrew's signature.
 *
 * @throws UserError when they cannot be installed.
 */
export const installWithHomebrew = systemInstaller((request, machine) => ({
  method: 'Homebrew',
  place: 'Homebrew',
  program: machine.programs.brew ?? '/opt/homebrew/bin/brew',
  args: ['install', `postgresql@${request.major}`],
  needsRoot: false,
  environment: {
    // Without an update, the formulae are those of the image, which is minutes faster.
    ...(request.checkLatest ? {} : { HOMEBREW_NO_AUTO_UPDATE: '1' }),
    HOMEBREW_NO_ANALYTICS: '1',
    HOMEBREW_NO_ENV_HINTS: '1',
    HOMEBREW_NO_INSTALL_CLEANUP: '1',
    HOMEBREW_NO_INSTALLED_DEPENDENTS_CHECK: '1',
    NONINTERACTIVE: '1',
  },
  explanations: EXPLANATIONS,
}));
