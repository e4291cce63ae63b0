import { log } from '../../runner/log.ts';

/** A message about how a connection string was resolved. */
export interface Notice {
  readonly level: 'debug' | 'info' | 'notice' | 'warning';
  readonly text: string;
}

export function logNotices(notices: readonly Notice[]): void {
  for (const { level, text } of notices) log[level](text);
}
