import { createHash, randomBytes } from 'node:crypto';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { S3Refusal, Unserved } from './s3-proxy-faults.ts';

/** A whole answer of the server. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export function answerUnserved(
  trouble: Unserved,
  body: Buffer,
  incoming: IncomingMessage,
  response: ServerResponse,
): void {
  switch (trouble.kind) {
    case 'stall':
      return;
    case 'reset':
      incoming.socket.resetAndDestroy();
      return;
    case 'refuse':
      // The rest of the body is not read.
      response.shouldKeepAlive = false;
      send(response, refusal(trouble.with, trouble.with.status));
      return;
    case 'lose':
      response.writeHead(200, { etag: etagOf(body) }).end();
      return;
    case 'error-in-200':
      send(response, refusal(trouble.with, 200));
  }
}

export function send(response: ServerResponse, { status, headers, body }: Answer): void {
  const passed = { ...headers };
  delete passed.connection;
  delete passed['transfer-encoding'];
  // An answer to HEAD tells a length, and has no body.
  if (body.length > 0) passed['content-length'] = String(body.length);
  response.writeHead(status, passed).end(body);
}

/** The first half of an answer, and what happens to the rest. */
export async function sendHalf(
  { status, headers, body }: Answer,
  kind: 'reset-answer' | 'stall-answer' | 'truncate-answer',
  response: ServerResponse,
): Promise<void> {
  const half = body.subarray(0, Math.floor(body.length / 2));
  if (kind === 'truncate-answer') {
    send(response, { status, headers, body: half });
    return;
  }
  response.writeHead(status, { ...headers, 'content-length': String(body.length) });
  // What was written has reached the socket before the connection is reset, else the client would see none of it.
  await new Promise((resolve) => response.write(half, resolve));
  if (kind === 'reset-answer') response.socket?.resetAndDestroy();
}

function refusal({ code, message = 'told to fail', headers = {} }: S3Refusal, status: number): Answer {
  const body = Buffer.from(
    `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${message}</Message><RequestId>1</RequestId></Error>`,
  );
  return { status, headers: { 'content-type': 'application/xml', ...headers }, body };
}

/** Of one part or object; that of several parts is made otherwise. */
function etagOf(body: Buffer): string {
  return `"${createHash('md5').update(body).digest('hex')}"`;
}

export function wrongEtag(answer: Answer): Answer {
  const other = randomBytes(16).toString('hex');
  const body = answer.body.toString('utf8').replace(/(<ETag>[^<]*?)[0-9a-f]{32}/, `$1${other}`);
  const etag = answer.headers.etag === undefined ? {} : { etag: `"${other}"` };
  return { ...answer, headers: { ...answer.headers, ...etag }, body: Buffer.from(body) };
}

/** Damages bytes without changing their number. */
export function flip(bytes: Buffer): Buffer {
  const damaged = Buffer.from(bytes);
  const middle = Math.floor(bytes.length / 2);
  if (bytes.length > 0) damaged.writeUInt8(damaged.readUInt8(middle) ^ 1, middle);
  return damaged;
}
