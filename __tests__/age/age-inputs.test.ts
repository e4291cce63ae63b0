import { beforeAll, describe, expect, it } from '@jest/globals';
import { generateHybridIdentity, generateX25519Identity, identityToRecipient } from 'age-encryption';
import { UserError } from '../../src/errors.ts';
import {
  ageIdentities,
  agePassphrase,
  ageRecipients,
  ageSecrets,
  readDecryptionKeys,
  readEncryption,
} from '../../src/age/age-inputs.ts';
import { errorText } from '../support/user-error.ts';

// Public keys of other kinds.
const YUBIKEY = 'age1yubikey1qwt50d05nh5vutpdzmlg5wn80xq5negm4uj9ghv0snvdd3yysf5yw3rhl3t';
const SSH = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHsKLqeplhpW+uObz5dvMgjz1OxfM/XXUB+VHtZ6isGN me@example.org';
// A point of low order: well written, and every secret shared with it is zero.
const LOW_ORDER = 'age1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq5cu47z';

let identity: string;
let recipient: string;
let hybridIdentity: string;
let hybridRecipient: string;
beforeAll(async () => {
  identity = await generateX25519Identity();
  recipient = await identityToRecipient(identity);
  hybridIdentity = await generateHybridIdentity();
  hybridRecipient = await identityToRecipient(hybridIdentity);
});

/** The UserError that `work` ends with, as one text. */
async function failureText(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    if (error instanceof UserError) {
      expect(error.cause).toBeUndefined(); // the library's messages hold the keys
      return `${error.message}\n${error.hint}`;
    }
    throw error;
  }
  throw new Error('expected a UserError, and nothing was thrown');
}

const recipients = (value: string) => ageRecipients('age-recipients', value);
const identities = (value: string) => ageIdentities('age-identity', value);
const passphrase = (value: string) => agePassphrase('age-passphrase', value);

describe('a backup without encryption', () => {
  const none = { recipients: '', passphrase: '' };

  it('is what no inputs mean, unless one of them is misspelled', async () => {
    expect(await readEncryption(none, { INPUT_STORAGE: 'artifact' })).toBeUndefined();
    expect(await failureText(readEncryption(none, { INPUT_AGE_RECIPIENT: 'age1x' }))).toMatch(
      /^The input "age_recipient" does not exist, .* not be encrypted\.\nWrite "age-recipients"/,
    );
    const text = await failureText(readEncryption(none, { 'INPUT_AGE-PASSWORD': 'SECRET' }));
    expect(text).toMatch(/^The input "age-password" does not exist/);
    expect(text).not.toContain('SECRET');
  });
});

describe('age-recipients', () => {
  it('are read one a line, without comments, empty lines and duplicates', async () => {
    const other = await identityToRecipient(await generateX25519Identity());
    const value = `# the team\n  ${recipient}\r\n\n${other}\n${recipient}\n`;
    expect(await recipients(value)).toEqual([recipient, other]);
  });

  it('may be post-quantum', async () => {
    expect(await recipients(hybridRecipient)).toEqual([hybridRecipient]);
  });

  it('must be all post-quantum or none', async () => {
    const text = await failureText(recipients(`${recipient}\n# x\n${hybridRecipient}`));
    expect(text).toMatch(/^age-recipients: line 3 is a post-quantum key and line 1 is not/);
  });

  it('are refused with a wrong letter, by their line', async () => {
    const wrong = recipient.replace(/.$/, (last) => (last === 'q' ? 'p' : 'q'));
    const text = await failureText(recipients(`# a\n${recipient}\n${wrong}`));
    expect(text).toContain(`age-recipients: line 3 is not an age public key: "${wrong.slice(0, 60)}`);
  });

  it.each(['age1', 'age1abc', 'hello', 'age1pq1qqqq', 'age1tag1qqqq', LOW_ORDER])(
    'must not be %s',
    async (value) => {
      expect(await failureText(recipients(value))).toMatch(
        /^age-recipients: line 1 is not an age public key/,
      );
    },
  );

  it('must not have two keys on one line, a comment after a key, or capital letters', async () => {
    for (const value of [`${recipient} ${recipient}`, `${recipient} # me`, recipient.toUpperCase()])
      expect(await failureText(recipients(value))).toContain('line 1 is not an age public key');
  });

  it.each([
    [SSH, /line 1 is an SSH key/],
    ['ssh-rsa AAAA', /line 1 is an SSH key/],
    [YUBIKEY, /line 1 is a key of the plugin age-plugin-yubikey/],
    ['# only\n# comments', /contains only comments, no public key/],
  ])('are refused with an explanation: %s', async (value, explanation) => {
    expect(await failureText(recipients(value))).toMatch(explanation);
  });

  it('must not be a secret key or another secret, and the error does not print it', async () => {
    for (const secret of [identity, hybridIdentity, identity.toLowerCase()]) {
      const text = await failureText(recipients(`${recipient}\n${secret}`));
      expect(text).toContain('line 2 is a secret key');
      expect(text).not.toContain(secret.slice(20));
    }
    expect(await failureText(recipients('my passphrase'))).not.toContain('my passphrase');
  });
});

describe('age-identity', () => {
  it('is read as age-keygen writes it, with one key or several', async () => {
    const file = `# created: 2026-11-21T03:45:09Z\n# public key: ${recipient}\n${identity}\n`;
    expect(await identities(file)).toEqual([identity]);
    expect(await identities(`${file}${hybridIdentity}\n${identity}`)).toEqual([identity, hybridIdentity]);
  });

  it.each([
    ['age1abc', /line 1 is a public key, which cannot decrypt/],
    ['-----BEGIN OPENSSH PRIVATE KEY-----', /private key of another kind, such as SSH/],
    ['-----BEGIN AGE ENCRYPTED FILE-----', /the start of an encrypted file/],
    ['AGE-PLUGIN-YUBIKEY-1QQQ', /a key of a plugin/],
    ['hunter2', /line 1 is not an age secret key/],
    ['# nothing', /contains only comments, no key/],
  ])('is refused with an explanation: %s', async (value, explanation) => {
    expect(await failureText(identities(value))).toMatch(explanation);
  });

  it('is refused by its line if it is incomplete, without printing it', async () => {
    for (const secret of [identity, hybridIdentity]) {
      const text = await failureText(identities(`# mine\n${secret.slice(0, -1)}`));
      expect(text).toContain('age-identity: line 2 is an incomplete age secret key');
      expect(text).not.toContain(secret.slice(20, 30));
    }
  });
});

describe('age-passphrase', () => {
  it('is used unchanged, except for one line break at its end', () => {
    expect(passphrase('correct horse  battery § staple')).toBe('correct horse  battery § staple');
    expect(passphrase('from-a-file\n')).toBe('from-a-file');
    expect(passphrase('from-a-file\r\n')).toBe('from-a-file');
  });

  it.each([' ', '\n', ' leading', 'trailing ', 'two\nlines', 'two\n\n', 'a\ttab', 'nul\0', 'escape\x1b'])(
    'is refused if it could not be typed, without printing it: %j',
    (value) => {
      const text = errorText(() => passphrase(value));
      expect(text).toMatch(/^age-passphrase: the passphrase is blank, starts or ends/);
      expect(text).not.toContain(value.trim() === '' ? '\0' : value);
    },
  );
});

describe('the encryption inputs', () => {
  it('select recipients, a passphrase, or no encryption', async () => {
    expect(await readEncryption({ recipients: ' \n', passphrase: '' })).toBeUndefined();
    expect(await readEncryption({ recipients: recipient, passphrase: '' })).toEqual({
      to: 'recipients',
      recipients: [recipient],
    });
    expect(await readEncryption({ recipients: '', passphrase: 'four words of mine' })).toEqual({
      to: 'passphrase',
      passphrase: 'four words of mine',
    });
    expect(await failureText(readEncryption({ recipients: recipient, passphrase: 'x' }))).toMatch(
      /^age-recipients and age-passphrase are both set/,
    );
  });

  it('never disable encryption if one of them is not empty', async () => {
    await expect(readEncryption({ recipients: '# none', passphrase: '' })).rejects.toThrow('no public key');
    await expect(readEncryption({ recipients: '', passphrase: ' ' })).rejects.toThrow('blank');
  });
});

describe('the decryption inputs', () => {
  it('select identities, a passphrase, both, or none', async () => {
    const both = { identity, passphrase: 'four words' };
    expect(await readDecryptionKeys(both)).toEqual({ identities: [identity], passphrase: 'four words' });
    expect(await readDecryptionKeys({ ...both, identity: '' })).toEqual({
      identities: [],
      passphrase: 'four words',
    });
    expect(await readDecryptionKeys({ ...both, passphrase: '' })).toEqual({
      identities: [identity],
      passphrase: undefined,
    });
    expect(await readDecryptionKeys({ identity: '', passphrase: '' })).toBeUndefined();
  });
});

describe('the secrets to mask', () => {
  it('are the complete values and each of their lines, but no comments', () => {
    expect(ageSecrets(`# public\n ${identity} \n`, 'pass phrase\n', '')).toEqual([
      `# public\n ${identity} \n`,
      `# public\n ${identity}`,
      identity,
      'pass phrase\n',
      'pass phrase',
    ]);
  });

  it('include a passphrase that starts like a comment', () => {
    expect(ageSecrets('#hash')).toEqual(['#hash']);
    expect(ageSecrets(' ')).toEqual([]);
  });
});
