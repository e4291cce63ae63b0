// Encrypts and decrypts FILE once, in a process of its own as the action does, and prints what it took as JSON:
// `encrypt-once.ts FILE IDENTITY`. It leaves nothing but FILE.
import { rm } from 'node:fs/promises';
import { identityToRecipient } from 'age-encryption';
import { decryptFile } from '../../src/age/decrypt.ts';
import { encryptFile } from '../../__tests__/age/encrypt-file.ts';
import { readDecryptionKeys, readEncryption } from '../../src/age/age-inputs.ts';

const [source = '', identity = ''] = process.argv.slice(2);
const [file, content] = [`${source}.age`, `${source}.content`];
const { signal } = new AbortController();
// The action reads its inputs before the dump.
const encryption = await readEncryption({ recipients: await identityToRecipient(identity), passphrase: '' });
const keys = await readDecryptionKeys({ identity, passphrase: '' });
if (!encryption || !keys) throw new Error('There are no keys.');

const before = process.resourceUsage().maxRSS;
const times = [performance.now()];
const lap = (): number => times.push(performance.now());
await encryptFile({ source, target: file, encryption });
lap();
await decryptFile({ source: file, target: content, keys, signal });
lap();
const kilobytes = process.resourceUsage().maxRSS - before;
await Promise.all([rm(file), rm(content)]);
const [encrypt, decrypt] = times.slice(1).map((time, index) => time - (times[index] ?? Number.NaN));
console.log(JSON.stringify({ encrypt, decrypt, megabytes: (kilobytes * 1024) / 1e6 }));
