import { createHash, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';

/** A throw-away OpenPGP key that signs a package index. */
export interface IndexSigner {
  /** The public key, ASCII-armoured. */
  readonly publicKey: string;
  /** The text as a signed message, as apt wants InRelease. */
  readonly clearsign: (text: string) => string;
}

/**
 * Makes an Ed25519 key and signs with it as OpenPGP says (RFC 9580, version 4 packets, "EdDSALegacy").
 *
 * Written out rather than done by gpg, because a fresh machine has only gpgv, and gpg leaves its agent behind.
 */
export function createSigner(): IndexSigner {
  const { privateKey } = generateKeyPairSync('ed25519');
  const point = createPublicKey(privateKey).export({ type: 'spki', format: 'der' }).subarray(-32);
  // A minute ago, so that no clock finds it in the future.
  const created = uint32(Math.floor(Date.now() / 1000) - 60);
  const curve = Buffer.from('092b06010401da470f01', 'hex');
  const key = Buffer.concat([
    Buffer.from([4]),
    created,
    Buffer.from([22]),
    curve,
    number(Buffer.concat([Buffer.from([0x40]), point])),
  ]);
  const keyHashed = Buffer.concat([Buffer.from([0x99]), uint16(key.length), key]);
  const fingerprint = createHash('sha1').update(keyHashed).digest();

  const signature = (type: number, signed: Buffer, extra: Buffer): Buffer => {
    const subpackets = Buffer.concat([
      Buffer.from([5, 2]),
      created,
      Buffer.from([22, 33, 4]),
      fingerprint,
      extra,
    ]);
    const hashed = Buffer.concat([Buffer.from([4, type, 22, 8]), uint16(subpackets.length), subpackets]);
    const trailer = Buffer.concat([Buffer.from([4, 0xff]), uint32(hashed.length)]);
    const digest = createHash('sha256').update(signed).update(hashed).update(trailer).digest();
    const value = sign(null, digest, privateKey);
    const issuer = Buffer.concat([Buffer.from([9, 16]), fingerprint.subarray(-8)]);
    return packet(
      2,
      Buffer.concat([
        hashed,
        uint16(issuer.length),
        issuer,
        digest.subarray(0, 2),
        number(value.subarray(0, 32)),
        number(value.subarray(32)),
      ]),
    );
  };

  const user = Buffer.from('A mirror in miniature, for tests');
  const certified = Buffer.concat([keyHashed, Buffer.from([0xb4]), uint32(user.length), user]);
  const mayCertifyAndSign = Buffer.from([2, 27, 3]);
  const publicKey = Buffer.concat([
    packet(6, key),
    packet(13, user),
    signature(0x13, certified, mayCertifyAndSign),
  ]);
  return {
    publicKey: armour('PUBLIC KEY BLOCK', publicKey),
    clearsign(text) {
      const lines = text
        .trimEnd()
        .split('\n')
        .map((line) => line.trimEnd());
      const signed = armour('SIGNATURE', signature(0x01, Buffer.from(lines.join('\r\n')), Buffer.alloc(0)));
      const escaped = lines.map((line) => line.replace(/^-/, '- -')).join('\n');
      return `-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n${escaped}\n${signed}`;
    },
  };
}

function armour(what: string, bytes: Buffer): string {
  const lines = bytes.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN PGP ${what}-----\n\n${lines.join('\n')}\n-----END PGP ${what}-----\n`;
}

function packet(tag: number, body: Buffer): Buffer {
  return Buffer.concat([Buffer.from([0x80 | (tag << 2) | 1]), uint16(body.length), body]);
}

/** A multiprecision integer: its length in bits, then its bytes without leading zeros. */
function number(bytes: Buffer): Buffer {
  let start = 0;
  while (bytes[start] === 0) start += 1;
  const value = bytes.subarray(start);
  const first = value[0] ?? 0;
  return Buffer.concat([uint16(value.length * 8 - Math.clz32(first) + 24), value]);
}

function uint16(value: number): Buffer {
  return Buffer.from([value >> 8, value & 0xff]);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
