import { finished } from 'node:stream/promises';
import type { ReadBack } from '../../src/archive/read-back.ts';
import { readStream } from '../../src/archive/read-stream.ts';
import { FanOut } from '../../src/process/fan-out.ts';

/** With which `pg_restore`, and in pieces of which size. */
interface Pieces {
  readonly pgRestore: string;
  readonly major: number;
  readonly pieceBytes: number;
}

/** Reads bytes as if `pg_dump` wrote them, in pieces. */
export async function readWhileMade(
  bytes: Buffer,
  { pgRestore, major, pieceBytes }: Pieces,
): Promise<ReadBack> {
  const { signal } = new AbortController();
  const reading = readStream({ pgRestore, major, environment: {}, signal });
  const fan = new FanOut([{ name: 'pg_restore', stream: reading.input }], reading.look);
  const sending = (async () => {
    for (let at = 0; at < bytes.length; at += pieceBytes) fan.write(bytes.subarray(at, at + pieceBytes));
    fan.end();
    await finished(fan);
  })();
  sending.catch(() => fan.destroy());
  try {
    const [result] = await Promise.all([reading.result, sending]);
    return result;
  } finally {
    fan.destroy();
    reading.input.destroy();
    await reading.result.catch(() => undefined);
  }
}
