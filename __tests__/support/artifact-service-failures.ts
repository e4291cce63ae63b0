import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Fault, FaultPoint, MadeUpAnswer } from './artifact-service-faults.ts';
import { sendJson } from './artifact-service-http.ts';
import type { Damage } from './artifact-service-proxy.ts';

/** What a fault does to a body on its way. */
export function damageOf(fault: Fault['answer'] | undefined): Damage | undefined {
  return typeof fault === 'string' && fault !== 'hang' && fault !== 'lost' ? fault : undefined;
}

/** Fails a request as told. @returns whether it has been answered (or never will be). */
export async function fail(
  answer: Fault['answer'],
  point: FaultPoint | 'unknown',
  request: IncomingMessage,
  response: ServerResponse,
): Promise<boolean> {
  if (answer === 'lost') return false;
  const isBlob = point === 'blobPut' || point === 'blobGet';
  if (answer === 'corrupt' && isBlob) return false;
  if (point === 'blobGet' && damageOf(answer) !== undefined) return false;
  if (answer === 'reset' && point === 'blobPut') {
    await once(request, 'data');
    request.socket.resetAndDestroy();
    return true;
  }
  request.resume();
  await once(request, 'end');
  if (answer === 'reset') request.socket.resetAndDestroy();
  else if (answer === 'corrupt')
    response.writeHead(200, { 'content-type': 'text/html' }).end('<html>Unicorn!</html>');
  else if (answer === 'stall' || answer === 'truncate') await sendHalf(response, answer);
  else if (typeof answer !== 'string') sendFailure(response, answer);
  return true;
}

/** The beginning of an answer, and no more. */
async function sendHalf(response: ServerResponse, then: 'stall' | 'truncate'): Promise<void> {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': '100' });
  await new Promise((resolve) => response.write('{"ok": true, ', resolve));
  if (then === 'truncate') response.destroy();
}

function sendFailure(response: ServerResponse, answer: number | MadeUpAnswer): void {
  const {
    status,
    headers = {},
    message = 'told to fail',
  } = typeof answer === 'number' ? { status: answer } : answer;
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  sendJson(response, status, { code: 'internal', msg: message, message });
}
