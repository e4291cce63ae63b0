/** A JSON object whose fields are not yet known to be there. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** A service has answered with something else than its documentation says. It may do better the next time. */
export class OddAnswer extends Error {}

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The objects of a list. @throws OddAnswer when it is none. */
export function objectsOf(value: unknown): readonly JsonObject[] {
  if (Array.isArray(value) && value.every(isJsonObject)) return value;
  throw new OddAnswer('the answer holds no list');
}

/** Text where it may be missing. */
export function textOrEmpty(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** @throws OddAnswer when the value is no text. */
export function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  throw new OddAnswer('the answer lacks a text');
}

/** A whole number; 64-bit ones come as text in the JSON of protocol buffers. @throws OddAnswer when it is none. */
export function wholeNumberOf(value: unknown): number {
  const number = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value;
  if (typeof number === 'number' && Number.isSafeInteger(number) && number >= 0) return number;
  throw new OddAnswer('the answer lacks a number');
}

/** @throws OddAnswer when the value is no time. */
export function timeOf(value: unknown): Date {
  const time = new Date(textOf(value));
  if (Number.isNaN(time.getTime())) throw new OddAnswer('the answer lacks a time');
  return time;
}
