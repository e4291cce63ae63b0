import { duration } from './format.ts';

/** The duration of a job and of its phases. */
export interface Durations {
  readonly phases: readonly { readonly name: string; readonly milliseconds: number }[];
  readonly totalMs: number;
}

/** The duration of a job and of its phases, as a cell of a table. */
export function formatDurations({ phases, totalMs }: Durations): string {
  const parts = phases.map(({ name, milliseconds }) => `${name.toLowerCase()} ${duration(milliseconds)}`);
  return `**${duration(totalMs)}**: ${parts.join(', ')}`;
}
