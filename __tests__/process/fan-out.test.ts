import { Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { type Consumer, FanOut } from '../../src/process/fan-out.ts';

/** Takes bytes only when it is told to. */
class SlowSink extends Writable {
  readonly taken: Buffer[] = [];
  #done: (() => void) | undefined;

  constructor() {
    super({ highWaterMark: 10 });
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.taken.push(chunk);
    this.#done = done;
  }

  take(): void {
    const done = this.#done;
    this.#done = undefined;
    done?.();
  }
}

function fastSink(): { readonly stream: Writable; readonly taken: Buffer[] } {
  const taken: Buffer[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      taken.push(chunk);
      done();
    },
  });
  return { stream, taken };
}

const consumer = (name: string, stream: Writable): Consumer => ({ name, stream });
/** More than waits for more. */
const much = Buffer.alloc(512 * 1024);
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('what is given to several consumers', () => {
  it('reaches each of them whole and in order, and is looked at before', async () => {
    const [one, other] = [fastSink(), fastSink()];
    const seen: Buffer[] = [];
    const fan = new FanOut([consumer('one', one.stream), consumer('other', other.stream)], (chunk) => {
      seen.push(chunk);
    });
    for (const text of ['a', 'bc', 'd']) fan.write(text);
    fan.end();
    await finished(fan);
    expect([one.taken, other.taken, seen].map((chunks) => Buffer.concat(chunks).toString())).toEqual([
      'abcd',
      'abcd',
      'abcd',
    ]);
    expect(fan.bytes).toBe(4);
  });

  it('comes in larger pieces, the last one at the end', async () => {
    const { stream, taken } = fastSink();
    const fan = new FanOut([consumer('one', stream)]);
    for (let piece = 0; piece < 80; piece++) fan.write(Buffer.alloc(4096));
    await turn();
    expect(taken.map(({ length }) => length)).toEqual([64 * 4096]);
    fan.end();
    await finished(fan);
    expect(taken.map(({ length }) => length)).toEqual([64 * 4096, 16 * 4096]);
  });

  it('waits for the slowest', async () => {
    const [fast, slow] = [fastSink(), new SlowSink()];
    const fan = new FanOut([consumer('fast', fast.stream), consumer('slow', slow)]);
    fan.write(much);
    fan.write(much);
    await turn();
    expect([fast.taken.length, fan.isHeldUp]).toEqual([1, true]);
    slow.take();
    await turn();
    expect([fast.taken.length, fan.isHeldUp]).toEqual([2, true]);
    slow.take();
    await turn();
    expect(fan.isHeldUp).toBe(false);
    fan.end();
    await finished(fan);
  });

  it('is ended by an error of one of them, or of who looks at it', async () => {
    const broken = new Writable({
      write(_chunk, _encoding, done) {
        done(new Error('it is full'));
      },
    });
    const fan = new FanOut([consumer('broken', broken)]);
    fan.write(much);
    await expect(finished(fan)).rejects.toThrow('it is full');
    const other = new FanOut([], () => {
      throw new Error('no archive');
    });
    other.end('x');
    await expect(finished(other)).rejects.toThrow('no archive');
  });

  it('is ended where one closes before the end', async () => {
    const { stream } = fastSink();
    const fan = new FanOut([consumer('pg_restore', stream)]);
    stream.destroy();
    await expect(finished(fan)).rejects.toThrow('pg_restore has closed before the end');
  });
});

describe('a consumer that makes no progress', () => {
  beforeEach(() => {
    jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick'] });
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  it('is named within two minutes', async () => {
    const fan = new FanOut([consumer('fast', fastSink().stream), consumer('the storage', new SlowSink())]);
    const ended = finished(fan).catch((error: unknown) => error);
    fan.write(much);
    await turn();
    jest.advanceTimersByTime(119_000);
    expect(fan.destroyed).toBe(false);
    jest.advanceTimersByTime(2_000);
    expect(await ended).toMatchObject({
      code: 'no-progress',
      message: expect.stringContaining('the storage has taken no data for two minutes'),
    });
  });

  it('is waited for as long as its own progress shows, and while there is nothing to take', async () => {
    const slow = new SlowSink();
    const fan = new FanOut([{ name: 'slow', stream: slow, progress: () => performance.now() }]);
    jest.advanceTimersByTime(600_000);
    fan.write(much);
    await turn();
    jest.advanceTimersByTime(600_000);
    expect(fan.destroyed).toBe(false);
    slow.take();
    fan.destroy();
  });
});
