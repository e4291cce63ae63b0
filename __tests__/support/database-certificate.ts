import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';

/** A private key and a certificate for it, both in PEM. */
export interface Certificate {
  readonly key: string;
  readonly certificate: string;
}

/** Whom a certificate names, and when it is valid. */
export interface CertificateOptions {
  /** The host names it is valid for; the first one is its subject. */
  readonly names: readonly [string, ...string[]];
  /** IPv4 addresses it is valid for. */
  readonly addresses?: readonly string[];
  readonly notBefore?: Date;
  readonly notAfter?: Date;
}

const DAY_MS = 86_400_000;

/**
 * Makes a self-signed certificate (X.509 v3, P-256, SHA-256: RFC 5280), which is also its own authority: a client
 * that is given it as its root certificate trusts it. Written by hand because Node has no call for it and the
 * `openssl` program may be missing; so no private key has to be kept in the repository either.
 */
export function selfSignedCertificate(options: CertificateOptions): Certificate {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const name = sequence(set(sequence(oid(85, 4, 3), utf8(options.names[0]))));
  const signedWith = sequence(oid(42, 134, 72, 206, 61, 4, 3, 2));
  const body = sequence(
    tagged(0, integer(Buffer.from([2]))),
    integer(Buffer.concat([Buffer.from([0x40]), randomBytes(15)])),
    signedWith,
    name,
    sequence(
      time(options.notBefore ?? new Date(Date.now() - DAY_MS)),
      time(options.notAfter ?? new Date(Date.now() + 30 * DAY_MS)),
    ),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    tagged(3, sequence(authority(), alternativeNames(options))),
  );
  const signature = sign('sha256', body, privateKey);
  const certificate = sequence(body, signedWith, der(0x03, Buffer.from([0]), signature));
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    certificate: pem(certificate),
  };
}

/** basicConstraints, critical: this is a certificate authority. */
function authority(): Buffer {
  const yes = der(0x01, Buffer.from([0xff]));
  return sequence(oid(85, 29, 19), yes, der(0x04, sequence(yes)));
}

function alternativeNames({ names, addresses = [] }: CertificateOptions): Buffer {
  const entries = [
    ...names.map((name) => der(0x82, Buffer.from(name, 'ascii'))),
    ...addresses.map((address) => der(0x87, Buffer.from(address.split('.').map(Number)))),
  ];
  return sequence(oid(85, 29, 17), der(0x04, sequence(...entries)));
}

/** One value in DER: its tag, its length, its content. */
function der(tag: number, ...content: readonly Buffer[]): Buffer {
  const body = Buffer.concat(content);
  const { length } = body;
  const size =
    length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), body]);
}

const sequence = (...content: readonly Buffer[]): Buffer => der(0x30, ...content);
const set = (...content: readonly Buffer[]): Buffer => der(0x31, ...content);
const integer = (bytes: Buffer): Buffer => der(0x02, bytes);
const utf8 = (text: string): Buffer => der(0x0c, Buffer.from(text, 'utf8'));
const tagged = (number: number, content: Buffer): Buffer => der(0xa0 + number, content);

/** An object identifier, given as the bytes that DER writes for it. */
const oid = (...bytes: readonly number[]): Buffer => der(0x06, Buffer.from(bytes));

/** A date before 2050, as RFC 5280 wants it: `YYMMDDHHMMSSZ`. */
function time(date: Date): Buffer {
  return der(0x17, Buffer.from(`${date.toISOString().replace(/[-:T]/g, '').slice(2, 14)}Z`, 'ascii'));
}

function pem(bytes: Buffer): string {
  const lines = bytes.toString('base64').match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}
