import type { IncomingMessage, ServerResponse } from 'node:http';

/** A JSON object whose fields are not yet known to be there. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** A refusal: becomes an answer with this status and body. */
export class Refusal extends Error {
  readonly status: number;
  readonly body: JsonObject;

  constructor(status: number, body: JsonObject) {
    super(`refused with ${status}`);
    this.status = status;
    this.body = body;
  }
}

/** The JSON object that a request carries; an empty one when it carries nothing. */
export async function readJson(request: IncomingMessage): Promise<JsonObject> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) {
    if (Buffer.isBuffer(chunk)) chunks.push(chunk);
  }
  const text = Buffer.concat(chunks).toString('utf8');
  const value: unknown = text === '' ? {} : JSON.parse(text);
  if (!isJsonObject(value))
    throw new Refusal(400, { code: 'malformed', msg: 'the body is not a JSON object' });
  return value;
}

/** Answers with JSON; with nothing at all when there is no body. */
export function sendJson(response: ServerResponse, status: number, body?: unknown): void {
  if (body === undefined) {
    response.writeHead(status).end();
    return;
  }
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

/** A text field of a request, `''` when it is absent: proto JSON leaves default values out. */
export function textField(body: JsonObject, field: string): string {
  const value = body[field] ?? '';
  if (typeof value !== 'string') {
    throw new Refusal(400, { code: 'malformed', msg: `${field} is not a string` });
  }
  return value;
}

/** Whether a parsed JSON value is an object (and not an array or null). */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
