import { log } from '../runner/log.ts';
import type { Exposure } from './privacy.ts';

/**
 * Has the job be silent about the content of a backup, where it is encrypted or others can read what the job prints.
 *
 * @param remedy how to see what is not shown, as a part of a sentence.
 */
export function withholdContent({
  encrypted,
  exposure,
  remedy,
}: {
  readonly encrypted: boolean;
  readonly exposure: Exposure | undefined;
  readonly remedy: string;
}): void {
  const why = encrypted ? 'the backup is encrypted' : exposure && EXPOSURES[exposure];
  if (why === undefined) return;
  log.withholdContent(
    `What is in the database is not named here, because ${why}. To see the names, ${remedy}.`,
  );
}

const EXPOSURES: Readonly<Record<Exposure, string>> = {
  public: 'this repository is public',
  unknown: 'the visibility of this repository could not be determined',
};
