const DIGEST_CHARACTERS = 12;

/**
 * The name of the artifact, which is the name of the file in it:
 * `<backup-name>-<YYYYMMDDTHHMMSSZ>-<first 12 hex of the content digest>.bak`.
 */
export function artifactName(backup: { name: string; time: Date; contentDigest: string }): string {
  const time = backup.time.toISOString().replace(/\.\d+/, '').replace(/[-:]/g, '');
  return `${backup.name}-${time}-${backup.contentDigest.slice(0, DIGEST_CHARACTERS)}.bak`;
}
