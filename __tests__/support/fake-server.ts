import { once } from 'node:events';
import { type Socket, createServer } from 'node:net';
import type { Environment } from '../../src/process/run.ts';

/** What a server answers instead of serving. */
export interface ServerAnswer {
  /** `FATAL` when absent; a server that speaks another language translates it. */
  readonly severity?: string;
  readonly message: string;
  readonly detail?: string;
  readonly hint?: string;
  /** Whether it comes instead of a login (when absent), or when the first query arrives. */
  readonly at?: 'query';
}

const SSL_REQUEST = 80_877_103;

/**
 * Listens on a free port of 127.0.0.1 for as long as the work takes.
 *
 * @param onConnection gets each connection.
 * @param work gets the environment through which libpq reaches it.
 */
export async function withListener<T>(
  onConnection: (socket: Socket) => void,
  work: (connection: Environment) => Promise<T>,
): Promise<T> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    // A client that goes away in the middle is what these servers are made for.
    socket.on('error', () => undefined).once('close', () => sockets.delete(socket));
    onConnection(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The listener has no port.');
  try {
    return await work({
      PGHOST: '127.0.0.1',
      PGPORT: String(address.port),
      PGUSER: 'app',
      PGPASSWORD: 'not so secret',
      PGDATABASE: 'shop',
    });
  } finally {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  }
}

/** A stand-in for a service that no test can have: it speaks the protocol just far enough to say one error. */
export function answering(answer: ServerAnswer): (socket: Socket) => void {
  return (socket) => {
    socket.on('data', (packet: Buffer) => {
      if (packet.length === 8 && packet.readInt32BE(4) === SSL_REQUEST) socket.write('N');
      else if (answer.at === 'query' && packet.readUInt8(0) === 0) socket.write(LOGGED_IN);
      else socket.end(errorResponse(answer));
    });
  };
}

/** One message of the protocol: see "Message Formats" in the documentation. */
function message(type: string, body: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.write(type, 0, 'latin1');
  head.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}

/** AuthenticationOk and ReadyForQuery. */
const LOGGED_IN = Buffer.concat([message('R', Buffer.alloc(4)), message('Z', Buffer.from('I'))]);

function errorResponse({ severity = 'FATAL', message: text, detail, hint }: ServerAnswer): Buffer {
  const fields = { S: severity, V: 'FATAL', C: 'XX000', M: text, D: detail, H: hint };
  const parts = Object.entries(fields).flatMap(([key, value]) =>
    value === undefined ? [] : [`${key}${value}\0`],
  );
  return message('E', Buffer.from(`${parts.join('')}\0`));
}
