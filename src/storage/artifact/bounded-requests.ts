import { channel } from 'node:diagnostics_channel';
import { ClientRequest } from 'node:http';
import { duration } from '../../runner/format.ts';

/** How long a request may make no progress. */
export interface RequestWatch {
  /** How often it is checked, in milliseconds. */
  readonly lookEveryMs: number;
  /** It is ended after this many checks without progress. */
  readonly looks: number;
  /** Called with the path of each request when it starts. */
  readonly onRequest: (path: string) => void;
  /** After it is aborted, no request is started. */
  readonly signal: AbortSignal;
}

/** A message of `node:http` (`diagnostics_channel`, "http.client.request.created"). */
const CREATED = 'http.client.request.created';

/**
 * Ends every request of `node:http` that is started during some work and makes no progress any more: for clients that
 * would wait forever. They may retry it. Only a response that breaks off in
 * the middle ends the work: `@actions/http-client` waits for its end forever (`readBody`).
 *
 * @throws what the work throws; Error when a response broke off.
 */
export async function withBoundedRequests<T>(bounds: RequestWatch, work: () => Promise<T>): Promise<T> {
  const brokenAnswer = Promise.withResolvers<never>();
  const watches = new Set<NodeJS.Timeout>();
  const onCreated = (message: unknown): void => {
    const request = requestOf(message);
    if (!request) return;
    // The client has listeners of its own, or none any more when it has the response.
    request.on('error', () => undefined);
    if (bounds.signal.aborted) {
      request.destroy(new Error('cancelled'));
      return;
    }
    bounds.onRequest(request.path);
    const watch = watchRequest(request, bounds);
    watches.add(watch);
    request.once('close', () => {
      clearInterval(watch);
      watches.delete(watch);
    });
    request.once('response', (response) => {
      response.once('close', () => {
        if (!response.complete) brokenAnswer.reject(new Error('the response broke off'));
      });
    });
  };
  const created = channel(CREATED);
  created.subscribe(onCreated);
  try {
    return await Promise.race([work(), brokenAnswer.promise]);
  } finally {
    created.unsubscribe(onCreated);
    watches.forEach(clearInterval);
  }
}

function requestOf(message: unknown): ClientRequest | undefined {
  const isHolder = typeof message === 'object' && message !== null && 'request' in message;
  return isHolder && message.request instanceof ClientRequest ? message.request : undefined;
}

function watchRequest(request: ClientRequest, { lookEveryMs, looks }: RequestWatch): NodeJS.Timeout {
  let last = -1;
  let still = 0;
  return setInterval(() => {
    const moved = (request.socket?.bytesWritten ?? 0) + (request.socket?.bytesRead ?? 0);
    still = moved === last ? still + 1 : 0;
    last = moved;
    if (still >= looks)
      request.destroy(new Error(`no data was transferred for ${duration(looks * lookEveryMs)}`));
  }, lookEveryMs);
}
