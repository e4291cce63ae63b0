/**
 * How a package is verified: apt checks the signature of the index with the only keys in its private state, and the SHA-256 of
 * each package, which is in the index. These lines of apt.conf refuse everything else, whatever the machine's own settings
 * allow; nothing is read from those but what `parseAptSettings` takes.
 */
export const SIGNATURE_CHECKS: readonly string[] = [
  'Acquire::AllowInsecureRepositories "false";',
  'Acquire::AllowWeakRepositories "false";',
  'Acquire::AllowDowngradeToInsecureRepositories "false";',
  'APT::Get::AllowUnauthenticated "false";',
];
