import { UserError } from '../errors.ts';

/** Certificates and keys as PEM text, as in secrets; undefined when absent. */
export interface TlsTexts {
  readonly rootCertificate: string | undefined;
  readonly certificate: string | undefined;
  readonly key: string | undefined;
}

/**
 * Checks the PEM text of a secret. Line breaks that were stored as `\n` are restored.
 *
 * @param kind what the PEM must contain.
 * @throws UserError naming the input, without any part of the value.
 */
export function pemText(input: string, value: string, kind: 'CERTIFICATE' | 'PRIVATE KEY'): string {
  const text = value.includes('\n') ? value : value.replaceAll('\\n', '\n');
  const block = new RegExp(
    `^-----BEGIN (?:[A-Z]+ )*${kind}-----\\n[\\s\\S]+\\n-----END (?:[A-Z]+ )*${kind}-----$`,
    'm',
  );
  if (block.test(text.replaceAll('\r', '').trim())) return `${text.replaceAll('\r', '').trim()}\n`;
  throw new UserError(
    'invalid-input',
    `${input}: the value is not a ${kind.toLowerCase()} in PEM format.`,
    `Store the whole file in the secret, from "-----BEGIN …${kind}-----" to "-----END …${kind}-----", with its line breaks.`,
  );
}
