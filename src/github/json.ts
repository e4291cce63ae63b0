/** A JSON object whose fields are not checked yet. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** A service's answer differs from its documentation. A retry may succeed. */
export class UnexpectedResponse extends Error {}

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A field of what may be an object; undefined when it has none of that name itself. */
export function fieldOf(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null
    ? Object.getOwnPropertyDescriptor(value, key)?.value
    : undefined;
}

/** The objects of a list. @throws UnexpectedResponse when it is not a list of objects. */
export function objectsOf(value: unknown): readonly JsonObject[] {
  if (Array.isArray(value) && value.every(isJsonObject)) return value;
  throw new UnexpectedResponse('the response contains no list');
}

/** Text that may be missing. */
export function textOrEmpty(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** @throws UnexpectedResponse when the value is not text. */
export function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  throw new UnexpectedResponse('the response lacks a text');
}

/** A whole number; 64-bit ones are text in the JSON of protocol buffers. @throws UnexpectedResponse when it is not one. */
export function wholeNumberOf(value: unknown): number {
  const number = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value;
  if (typeof number === 'number' && Number.isSafeInteger(number) && number >= 0) return number;
  throw new UnexpectedResponse('the response lacks a number');
}

/** @throws UnexpectedResponse when the value is not a time. */
export function timeOf(value: unknown): Date {
  const time = new Date(textOf(value));
  if (Number.isNaN(time.getTime())) throw new UnexpectedResponse('the response lacks a time');
  return time;
}
