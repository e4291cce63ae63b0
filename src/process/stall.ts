/** Watches something that must make progress. */
export interface StallWatch {
  /** Aborted when there was no progress for too long. */
  readonly signal: AbortSignal;
  /** To be called at each progress. */
  readonly progress: () => void;
  readonly stop: () => void;
}

/**
 * Aborts its signal when there is no progress for too long.
 *
 * @param stalled makes the error to abort it with.
 */
export function watchStall(timeoutMs: number, stalled: () => Error): StallWatch {
  const controller = new AbortController();
  const timer = setTimeout(() => {
    controller.abort(stalled());
  }, timeoutMs);
  return {
    signal: controller.signal,
    progress: () => {
      timer.refresh();
    },
    stop: () => {
      clearTimeout(timer);
    },
  };
}
