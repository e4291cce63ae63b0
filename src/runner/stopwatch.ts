/** Measures the phases of a job; milliseconds. */
export interface Stopwatch {
  /** Runs a phase and records its duration. */
  time<T>(phase: string, work: () => Promise<T>): Promise<T>;
  readonly phases: readonly { readonly name: string; readonly milliseconds: number }[];
  /** Milliseconds since the stopwatch was started. */
  total(): number;
}

export function startStopwatch(): Stopwatch {
  const started = performance.now();
  const phases: { name: string; milliseconds: number }[] = [];
  return {
    phases,
    async time(name, work) {
      const before = performance.now();
      try {
        return await work();
      } finally {
        phases.push({ name, milliseconds: performance.now() - before });
      }
    },
    total: () => performance.now() - started,
  };
}
