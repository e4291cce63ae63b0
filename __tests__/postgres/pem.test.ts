import { describe, expect, it } from '@jest/globals';
import { pemText } from '../../src/postgres/pem.ts';
import { errorText } from '../support/user-error.ts';

const KEY = '-----BEGIN EC PRIVATE KEY-----\nMHcCAQEE\nSECRET==\n-----END EC PRIVATE KEY-----';
const read = (value: string) => pemText('ssl-key', value, 'PRIVATE KEY');

describe('PEM text from a secret', () => {
  it.each([
    KEY,
    `${KEY}\n`,
    KEY.replaceAll('\n', '\r\n'),
    KEY.replaceAll('\n', '\\n'),
    KEY.replaceAll('EC ', ''),
    KEY.replaceAll('EC PRIVATE', 'ENCRYPTED PRIVATE'),
  ])('is accepted with any kind of line breaks: %j', (value) => {
    expect(read(value)).toMatch(
      /^-----BEGIN (\w+ )?PRIVATE KEY-----\nMHcCAQEE\nSECRET==\n-----END (\w+ )?PRIVATE KEY-----\n$/,
    );
  });

  it.each([
    'SECRET',
    KEY.replaceAll('\n', ' '),
    KEY.replaceAll('PRIVATE KEY', 'CERTIFICATE'),
    KEY.slice(0, -10),
  ])('is refused without being shown if it is something else: %j', (value) => {
    const text = errorText(() => read(value));
    expect(text).toContain('ssl-key');
    expect(text).not.toContain('SECRET');
  });
});
