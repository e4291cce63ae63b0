import { type JsonObject, isJsonObject } from './artifact-service-http.ts';

/** The texts of a mapping. */
export function texts(value: unknown, change: (text: string) => string): Record<string, string> {
  return Object.fromEntries(
    Object.entries(objectOf(value)).map(([name, text]) => [name, change(textOf(text))]),
  );
}

export function objectOf(value: unknown): JsonObject {
  return isJsonObject(value) ? value : {};
}

export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
