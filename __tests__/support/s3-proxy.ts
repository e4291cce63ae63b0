import { once } from 'node:events';
import { type IncomingMessage, type ServerResponse, createServer, request as httpRequest } from 'node:http';
import { type Answer, answerUnserved, flip, send, sendHalf, wrongEtag } from './s3-proxy-answers.ts';
import {
  type S3Fault,
  type S3Request,
  type S3Trouble,
  type Served,
  createS3Faults,
  isUnserved,
  understandRequest,
} from './s3-proxy-faults.ts';

/** Stands between a client and an S3 server, passes on what both say, and breaks what it is told to. */
export interface S3Proxy {
  /** Where a client finds it; without a slash at the end. */
  readonly origin: string;
  /** The first that a request meets strikes it. None at first. */
  faults: readonly S3Fault[];
  /** Every request so far. */
  readonly requests: readonly S3Request[];
  /** Forgets the requests so far. */
  forget(): void;
  /** Fulfilled when the next fault strikes. */
  struck(): Promise<void>;
  stop(): Promise<void>;
}

const STORES = ['PutObject', 'CompleteMultipartUpload'];

/**
 * Starts a proxy on a free port of 127.0.0.1. It leaves the `Host` header as it is, which the client has signed: requests are
 * valid for the server behind it, unless they are damaged.
 */
export async function startS3Proxy(target: { readonly origin: string }): Promise<S3Proxy> {
  const proxy = new Proxy(target.origin);
  await proxy.listen();
  return proxy;
}

class Proxy implements S3Proxy {
  faults: readonly S3Fault[] = [];
  readonly requests: S3Request[] = [];
  origin = '';
  readonly #target: string;
  readonly #server = createServer((request, response) => {
    this.#serve(request, response).catch(() => {
      // Either side has gone: then the other one is to notice.
      request.socket.destroy();
    });
  });
  readonly #next = createS3Faults();
  /** When each object was stored, by `performance.now()`. */
  readonly #storedAt = new Map<string, number>();
  #onStrike: (() => void)[] = [];
  /** Parts that the server is storing. */
  readonly #storing = new Set<Promise<unknown>>();
  /** Those that it has only the first half of. */
  readonly #late: { readonly finish: () => void; readonly answered: Promise<unknown> }[] = [];

  constructor(target: string) {
    this.#target = target;
  }

  async listen(): Promise<void> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('The proxy has no port.');
    this.origin = `http://127.0.0.1:${address.port}`;
  }

  forget(): void {
    this.requests.length = 0;
  }

  struck(): Promise<void> {
    return new Promise((resolve) => this.#onStrike.push(resolve));
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #struck(): void {
    for (const resolve of this.#onStrike.splice(0)) resolve();
  }

  async #serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = 'GET', url = '/', headers } = incoming;
    const request: S3Request = { ...understandRequest(method, url), headers, bytes: 0, status: undefined };
    this.requests.push(request);
    response.once('finish', () => (request.status = response.statusCode));
    const trouble = this.#next(this.faults, request);
    if (trouble?.kind === 'late') {
      this.#askLate(incoming, request, await readBody(incoming, request, undefined));
      this.#struck();
      return;
    }
    if (trouble) this.#struck();
    const body = await readBody(incoming, request, trouble);
    if (trouble && isUnserved(trouble)) {
      answerUnserved(trouble, body, incoming, response);
      return;
    }
    const passed = trouble?.kind === 'damage-request' ? flip(body) : body;
    const answer = await this.#inTurn(request.operation, () => this.#ask(incoming, request, passed));
    if (trouble) await this.#passBack(answer, trouble, incoming, response);
    else send(response, answer);
  }

  /** A server that is still storing a part when its upload is ended keeps both: that is the trouble 'late', and only that. */
  async #inTurn(operation: S3Request['operation'], ask: () => Promise<Answer>): Promise<Answer> {
    if (operation === 'AbortMultipartUpload') await Promise.allSettled(this.#storing);
    const asked = ask();
    if (operation === 'UploadPart') {
      this.#storing.add(asked);
      void asked.catch(() => undefined).then(() => this.#storing.delete(asked));
    }
    const answer = await asked;
    if (operation === 'AbortMultipartUpload')
      for (const { finish, answered } of this.#late.splice(0)) {
        finish();
        await answered;
      }
    return answer;
  }

  /** Sends the first half; the second follows the end of the upload. */
  #askLate({ method = 'PUT', url = '/' }: IncomingMessage, request: S3Request, body: Buffer): void {
    const headers = toPassOn(request.headers, body);
    const outgoing = httpRequest(this.#target + url, { method, headers, agent: false });
    const half = Math.floor(body.length / 2);
    outgoing.write(body.subarray(0, half));
    this.#late.push({
      finish: () => outgoing.end(body.subarray(half)),
      answered: once(outgoing, 'response').then(([answer]: IncomingMessage[]) => answer?.resume()),
    });
  }

  async #ask({ method, url }: IncomingMessage, request: S3Request, body: Buffer): Promise<Answer> {
    const outgoing = httpRequest(this.#target + (url ?? '/'), {
      ...(method === undefined ? {} : { method }),
      headers: toPassOn(request.headers, body),
      // A connection of its own: what the server does with idle ones is no fault.
      agent: false,
    });
    const answered = new Promise<IncomingMessage>((resolve, reject) => {
      outgoing.once('response', resolve).once('error', reject);
    });
    outgoing.end(body);
    const answer = await answered;
    const status = answer.statusCode ?? 502;
    if (STORES.includes(request.operation) && status === 200)
      this.#storedAt.set(request.key, performance.now());
    return { status, headers: answer.headers, body: await bytesFrom(answer) };
  }

  async #passBack(
    answer: Answer,
    trouble: Exclude<Served, { readonly kind: 'late' }>,
    incoming: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    switch (trouble.kind) {
      case 'lost-answer':
        incoming.socket.resetAndDestroy();
        return;
      case 'wrong-etag':
        send(response, wrongEtag(answer));
        return;
      case 'damage-answer':
        send(response, { ...answer, body: flip(answer.body) });
        return;
      case 'lag':
        send(response, this.#withoutNew(answer, trouble.milliseconds));
        return;
      case 'reset-answer':
      case 'stall-answer':
      case 'truncate-answer':
        await sendHalf(answer, trouble.kind, response);
        return;
      case 'damage-request':
        send(response, answer);
    }
  }

  /** A list as it was a while ago, but for what has been deleted since. */
  #withoutNew(answer: Answer, milliseconds: number): Answer {
    const now = performance.now();
    const isNew = (key: string): boolean => now - (this.#storedAt.get(key) ?? -Infinity) < milliseconds;
    const list = answer.body
      .toString('utf8')
      .replace(/<Contents>.*?<\/Contents>/gs, (entry) =>
        isNew(/<Key>(.*?)<\/Key>/s.exec(entry)?.[1] ?? '') ? '' : entry,
      );
    return { ...answer, body: Buffer.from(list) };
  }
}

/** The body of a request, or as much of it as comes before the trouble. */
async function readBody(
  incoming: IncomingMessage,
  request: S3Request,
  trouble: S3Trouble | undefined,
): Promise<Buffer> {
  const limit = trouble && 'afterBytes' in trouble ? (trouble.afterBytes ?? Infinity) : Infinity;
  const chunks: Buffer[] = [];
  // The connection is still needed after a part of the body.
  for await (const chunk of incoming.iterator({ destroyOnReturn: false })) {
    if (!Buffer.isBuffer(chunk)) continue;
    chunks.push(chunk);
    request.bytes += chunk.length;
    if (request.bytes >= limit) break;
  }
  return Buffer.concat(chunks);
}

async function bytesFrom(answer: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of answer) if (Buffer.isBuffer(chunk)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** The body is sent in one piece, and its end is known; `Expect` has been met. */
function toPassOn(headers: S3Request['headers'], body: Buffer): Record<string, string | string[]> {
  const passed: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (['connection', 'expect', 'transfer-encoding'].includes(name) || value === undefined) continue;
    passed[name] = typeof value === 'string' ? value : [...value];
  }
  if (headers['transfer-encoding'] !== undefined) passed['content-length'] = String(body.length);
  return passed;
}
