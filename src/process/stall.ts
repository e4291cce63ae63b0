/** The watch over something that must get on. */
export interface StallWatch {
  /** Aborted when nothing has come for too long. */
  readonly signal: AbortSignal;
  /** To be told that something has come. */
  readonly progress: () => void;
  readonly stop: () => void;
}

/**
 * Aborts its signal when there is no progress for too long.
 *
 * @param stalled what to abort it with.
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
