import { type IncomingMessage, type ServerResponse, request as httpRequest } from 'node:http';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/**
 * Passes a request on to another server and its answer back, without looking at either.
 *
 * @param corrupt flips one bit of the request's body on its way, or of the answer's when the request has none.
 */
export async function passOn(
  request: IncomingMessage,
  response: ServerResponse,
  origin: string,
  corrupt: boolean,
): Promise<void> {
  const { method = 'GET', url = '/' } = request;
  const upstream = httpRequest(origin + url, {
    method,
    headers: { ...request.headers, host: new URL(origin).host },
    // A connection of its own: Azurite closes idle ones after five seconds, which would look like a fault.
    agent: false,
  });
  const answered = new Promise<IncomingMessage>((resolve, reject) => {
    upstream.once('response', resolve).once('error', reject);
  });
  const sent = pipeline([request, ...(corrupt && method === 'PUT' ? [flipOneBit()] : []), upstream]);
  const [answer] = await Promise.all([answered, sent]);
  response.writeHead(answer.statusCode ?? 502, answer.headers);
  await pipeline([answer, ...(corrupt && method === 'GET' ? [flipOneBit()] : []), response]);
}

/** Damages a stream without changing its length. */
function flipOneBit(): Transform {
  let done = false;
  return new Transform({
    transform(chunk: Buffer, _encoding, callback) {
      if (done || chunk.length === 0) {
        callback(null, chunk);
        return;
      }
      done = true;
      const damaged = Buffer.from(chunk);
      damaged.writeUInt8(damaged.readUInt8(0) ^ 1, 0);
      callback(null, damaged);
    },
  });
}
