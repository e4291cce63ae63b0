/** Watches something that must make progress. */
export interface StallWatch {
  /** Aborted when there was no progress for too long. */
  readonly signal: AbortSignal;
  /** To be called at each progress. */
  readonly progress: () => void;
  /** No progress is expected until the next one. */
  readonly pause: () => void;
  readonly stop: () => void;
}

/**
 * Aborts its signal when there is no progress for too long.
 *
 * @param stalled makes the error to abort it with.
 */
export function watchStall(timeoutMs: number, stalled: () => Error): StallWatch {
  const controller = new AbortController();
  const start = (): NodeJS.Timeout =>
    setTimeout(() => {
      controller.abort(stalled());
    }, timeoutMs);
  let timer: NodeJS.Timeout | undefined = start();
  const pause = (): void => {
    clearTimeout(timer);
    timer = undefined;
  };
  return {
    signal: controller.signal,
    progress: () => {
      if (timer) timer.refresh();
      else timer = start();
    },
    pause,
    stop: pause,
  };
}
