import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { UserError, messageOf } from '../../errors.ts';
import { isInside, requireInside, requireWritable } from './inside.ts';

/** A folder for backups. */
export interface FolderPlace {
  /** As the workflow says it. */
  readonly given: string;
  readonly folder: string;
  /** The folder that must not be left through a link: the workspace; undefined for a folder outside of it. */
  readonly within: string | undefined;
}

/** The folder that a line of `storage` names; nothing is looked at yet. */
export function folderPlace(given: string, workspace: string): FolderPlace {
  const folder = path.resolve(workspace, given);
  return { given, folder, within: isInside(folder, workspace) ? workspace : undefined };
}

/** For messages. */
export function folderName({ given }: FolderPlace): string {
  return `the folder ${given}`;
}

/**
 * Checks before any work that backups can be written there. Nothing is created.
 *
 * @throws UserError.
 */
export async function requireWritablePlace(place: FolderPlace): Promise<void> {
  await orUnwritable(place, async () => {
    await requireNoWayOut(place);
    await requireWritable(place.folder);
  });
}

/** Creates the folder. @throws UserError. */
export async function createPlace(place: FolderPlace): Promise<void> {
  await orUnwritable(place, async () => {
    await requireNoWayOut(place);
    await mkdir(place.folder, { recursive: true });
    // A link may have been put there since.
    await requireNoWayOut(place);
  });
}

/** @throws Error when a link in the workspace leads out of it. */
export async function requireNoWayOut({ folder, within }: FolderPlace): Promise<void> {
  if (within !== undefined) await requireInside(folder, within);
}

async function orUnwritable<T>(place: FolderPlace, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new UserError(
      'storage',
      `storage: ${JSON.stringify(place.given)} cannot be written: ${messageOf(error)}`,
      'Choose a folder below the workspace, for example "storage: ./backups/".',
      { cause: error },
    );
  }
}
