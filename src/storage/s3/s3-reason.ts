import { errorCode, messageOf } from '../../errors.ts';

const LONGEST_MESSAGE = 200;

/** The code of an answer of the service, such as `NoSuchKey`; undefined when there was no answer, or no code in it. */
export function s3Code(error: unknown): string | undefined {
  if (!Error.isError(error) || s3Status(error) === undefined) return undefined;
  return /^[A-Z]\w+$/.test(error.name) && !/^(?:Error|SyntaxError|Unknown)/.test(error.name)
    ? error.name
    : undefined;
}

/** The HTTP status of an answer of the service; undefined when there was none. */
export function s3Status(error: unknown): number | undefined {
  const status = fieldIn(fieldIn(error, '$metadata'), 'httpStatusCode');
  return typeof status === 'number' ? status : undefined;
}

/** Why a request failed, in a few words: `503 SlowDown: Please reduce your request rate`, `connect ECONNREFUSED …`. */
export function s3Reason(error: unknown): string {
  const status = s3Status(error);
  if (status === undefined) return networkReason(error);
  const code = s3Code(error);
  if (code === undefined) return `the answer was ${status}, without a code of S3`;
  const said = safeMessage(messageOf(error));
  return `${status} ${code}${said === '' || said === code ? '' : `: ${said}`}`;
}

/** The error of Node.js for a connection, which may be the cause of another; `TimeoutError` for one of the SDK's. */
export function networkCode(error: unknown): string | undefined {
  const code = errorCode(error);
  if (code !== undefined) return code;
  if (Error.isError(error) && error.name === 'TimeoutError') return error.name;
  const cause = fieldIn(error, 'cause');
  return cause === undefined ? undefined : networkCode(cause);
}

/** What an object has under a name; undefined when it is none, or has nothing there. */
export function fieldIn(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}

function networkReason(error: unknown): string {
  const said = messageOf(error);
  // The texts of @smithy/node-http-handler.
  const [, silence] = /socket timed out after (\d+) ms/.exec(said) ?? [];
  if (silence !== undefined) return `no data was transferred for ${Number(silence) / 1000} s`;
  const [, late] = /did not establish a connection .* timeout of (\d+) ms/.exec(said) ?? [];
  if (late !== undefined) return `no connection within ${Number(late) / 1000} s`;
  // OpenSSL adds its own addresses and files.
  if (/^(?:EPROTO|ERR_SSL_)/.test(networkCode(error) ?? '')) return networkCode(error) ?? '';
  return safeMessage(said) || (networkCode(error) ?? 'unknown error');
}

/** What a service says, without anything that could be a key, a token or a signed address. */
function safeMessage(text: string): string {
  return text
    .replaceAll(/https?:\/\/\S+/g, 'URL')
    .replaceAll(/[\w+/=-]{33,}/g, '…')
    .replaceAll(/\s+/g, ' ')
    .trim()
    .slice(0, LONGEST_MESSAGE)
    .replace(/[.\s]+$/, '');
}
