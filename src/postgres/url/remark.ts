import { log } from '../../runner/log.ts';

/** A message about how a connection string was resolved. */
export interface Remark {
  readonly level: 'debug' | 'info' | 'notice' | 'warning';
  readonly text: string;
}

export function tellRemarks(remarks: readonly Remark[]): void {
  for (const { level, text } of remarks) log[level](text);
}
