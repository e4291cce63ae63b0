import path from 'node:path';
import { finish } from '../runner/finish.ts';
import { withoutNames } from './plan/omission.ts';
import { type RestoreSummary, restoreSummary } from './restore-summary.ts';

/** Reports a restore that succeeded: outputs, summary, log. */
export async function reportRestore(restore: RestoreSummary): Promise<void> {
  const { phases, totalMs } = restore;
  await finish({ outputs: outputs(restore), summary: restoreSummary(restore), phases, totalMs });
}

function outputs({
  source,
  database,
  restored: { tables },
  verification,
  plan: { omissions },
  withheld,
  totalMs,
}: RestoreSummary): Record<string, string> {
  const isSilent = withheld !== undefined;
  const leftOut = isSilent ? omissions.map(withoutNames) : omissions;
  const location = source.kind === 'stored' ? source.file.location : undefined;
  const isArtifact = location?.kind === 'artifact';
  return {
    'backup-file': source.kind === 'file' ? path.basename(source.path) : source.file.name,
    'artifact-id': isArtifact ? String(location.id) : '',
    'artifact-name': isArtifact && source.kind === 'stored' ? source.file.name : '',
    database,
    tables: isSilent ? '' : String(tables.length),
    rows: isSilent ? '' : String(tables.reduce((sum, { rows }) => sum + rows, 0)),
    verified: String(verification !== undefined),
    'left-out': JSON.stringify(
      leftOut.map(({ what, names, why, statements = [] }) => ({
        ...{ what, names: isSilent ? [] : names, why },
        ...(statements.length > 0 ? { statements } : {}),
      })),
    ),
    'duration-seconds': (totalMs / 1000).toFixed(1),
  };
}
