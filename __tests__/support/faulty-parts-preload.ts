// A program is started with this: see `faulty-parts.ts`.
import crypto, { Cipheriv } from 'node:crypto';
import fs, { type FileHandle } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';

const { FAULTY_FILE: file, FAULTY_CIPHER: cipher, FAULTY_HOW: how, FAULTY_AT: at } = process.env;
/** A chunk of the payload of age: what is shorter is the last one, or a key. */
const CHUNK_BYTES = 64 * 1024;

function failure(code: string): Error {
  return Object.assign(new Error(`${code}: a part of the machine is faulty`), { code });
}

function damaged(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  if (copy.length > 0) copy.writeUInt8(copy.readUInt8(0) ^ 1, 0);
  return copy;
}

/** The disk fails, never answers, or writes something else: from so many bytes on once, or at the end. */
function breakFile(handle: FileHandle): void {
  const writev = handle.writev.bind(handle);
  const sync = handle.sync.bind(handle);
  const first = at === 'end' ? Infinity : Number(at);
  let written = 0;
  let isBroken = false;
  const never = new Promise<never>(() => undefined);
  handle.writev = async (buffers) => {
    const start = written;
    written += buffers.reduce((sum, { byteLength }) => sum + byteLength, 0);
    if (isBroken || written <= first) return writev(buffers);
    isBroken = true;
    if (how === 'fails') throw failure('EIO');
    if (how === 'stalls') return never;
    const result = await writev(buffers);
    await handle.write(Buffer.from('what nobody has written here'), 0, 28, start);
    return result;
  };
  handle.sync = async () => {
    if (at === 'end' && how === 'fails') throw failure('EIO');
    if (at === 'end' && how === 'stalls') await never;
    if (at === 'end') await handle.truncate(written - 1);
    await sync();
  };
}

if (file !== undefined) {
  fs.open = new Proxy(fs.open, {
    apply: async (target, self, args: Parameters<typeof fs.open>) => {
      const handle = await Reflect.apply(target, self, args);
      if (args[1] === 'wx' && new RegExp(file).test(String(args[0]))) breakFile(handle);
      return handle;
    },
  });
}

if (cipher !== undefined) {
  let chunks = 0;
  crypto.createCipheriv = new Proxy(crypto.createCipheriv, {
    apply: (target, self, args: unknown[]): unknown => {
      const made: unknown = Reflect.apply(target, self, args);
      const nonce = args[2];
      if (!(made instanceof Cipheriv) || args[0] !== 'chacha20-poly1305' || !Buffer.isBuffer(nonce))
        return made;
      const isLast = nonce[11] === 1;
      const update: (data: Buffer) => Buffer = made.update.bind(made);
      const broken = (data: Buffer): Buffer => {
        if (data.length === CHUNK_BYTES) chunks += 1;
        const isDue = at === 'end' ? isLast : data.length === CHUNK_BYTES && chunks === Number(at) + 1;
        if (!isDue) return update(data);
        if (how === 'fails') throw failure('ERR_OSSL');
        return damaged(update(data));
      };
      Object.defineProperty(made, 'update', { value: broken });
      return made;
    },
  });
}

syncBuiltinESMExports();
