import { readFile } from 'node:fs/promises';
import { endianness } from 'node:os';
import type { Socket } from 'node:net';

/** The two ends of a TCP connection over IPv4. */
export interface Ends {
  readonly localAddress: string;
  readonly localPort: number;
  readonly remoteAddress: string;
  readonly remotePort: number;
}

const TABLE = '/proc/net/tcp';
const LOOKS = 3;

/**
 * Whether the program at the other end of a loopback connection belongs to another user of this machine. Any user can
 * connect to a port of 127.0.0.1; on Linux, the kernel's table of connections shows who did. Elsewhere, and where that
 * table does not list our own end, it is unknown, and the answer is false.
 */
export async function isForeign(client: Socket): Promise<boolean> {
  const uid = process.geteuid?.();
  const { localAddress, localPort, remoteAddress, remotePort } = client;
  if (process.platform !== 'linux' || uid === undefined) return false;
  if (!localAddress || !localPort || !remoteAddress || !remotePort) return true;
  // The kernel writes the table in pieces: connections that open and close meanwhile can hide a line.
  for (let look = 1; ; look++) {
    const table = await readFile(TABLE, 'utf8').catch(() => '');
    const owner = ownerOfPeer(table, { localAddress, localPort, remoteAddress, remotePort });
    if (owner !== 'gone' || look === LOOKS) return owner !== 'unknown' && owner !== uid;
  }
}

/**
 * The user id of the other end's socket, read from the text of `/proc/net/tcp` (format: proc_pid_net(5)).
 *
 * @returns `gone` when only our own end is listed, `unknown` when not even that is.
 */
export function ownerOfPeer(table: string, ends: Ends): number | 'gone' | 'unknown' {
  const ours = inHex(ends.localAddress, ends.localPort);
  const theirs = inHex(ends.remoteAddress, ends.remotePort);
  let listed = false;
  for (const line of table.split('\n')) {
    const [, local, remote, , , , , uid] = line.trim().split(/\s+/);
    if (local === theirs && remote === ours) return Number(uid);
    listed ||= local === ours && remote === theirs;
  }
  return listed ? 'gone' : 'unknown';
}

/** An IPv4 address as the kernel prints it: the four bytes as one number of the processor's byte order. */
function inHex(address: string, port: number): string {
  const bytes = address.split('.').map(Number);
  const hex = Buffer.from(endianness() === 'LE' ? bytes.toReversed() : bytes).toString('hex');
  return `${hex}:${port.toString(16).padStart(4, '0')}`.toUpperCase();
}
