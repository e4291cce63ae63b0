import { describe, expect, it } from '@jest/globals';
import { type ServerSide, judgeSilence, serverSide } from '../../../src/postgres/watchdog/silence.ts';

const working: ServerSide = { kind: 'working', waitsFor: '' };
const waits: ServerSide = { kind: 'waits for the tool' };
const gone: ServerSide = { kind: 'no session' };
const unreachable: ServerSide = { kind: 'unreachable', cause: 'The server refuses connections.' };
const unknown: ServerSide = { kind: 'unknown' };

const judge = (...answers: ServerSide[]): string | undefined => judgeSilence('pg_dump', answers, 3)?.message;

describe("the server's answer about an inactive tool", () => {
  it('is "working" as soon as one of its sessions runs a statement and does not wait for the tool', () => {
    expect(serverSide([['active', '', '']])).toEqual({ kind: 'working', waitsFor: '' });
    expect(serverSide([['active', 'Lock', 'relation']])).toEqual({
      kind: 'working',
      waitsFor: 'Lock: relation',
    });
    expect(
      serverSide([
        ['idle in transaction', 'Client', 'ClientRead'],
        ['active', 'IO', 'DataFileRead'],
      ]),
    ).toEqual({ kind: 'working', waitsFor: 'IO: DataFileRead' });
  });

  it('is "waits for the tool" if all its sessions read from it or write to it', () => {
    expect(serverSide([['active', 'Client', 'ClientWrite']])).toEqual(waits);
    expect(serverSide([['idle in transaction', 'Client', 'ClientRead']])).toEqual(waits);
  });

  it('is "no session" if there is none', () => {
    expect(serverSide([])).toEqual(gone);
  });
});

describe('an inactive connection', () => {
  it.each([
    ['the server waits for the tool too', waits, 'the server is waiting for a response and receives none'],
    ['the server has no such session', gone, 'the server no longer has the connection'],
    ['the server cannot be reached', unreachable, 'no longer be reached (The server refuses connections)'],
  ])('is dead after three answers in a row: %s', (_, answer, words) => {
    expect(judge(answer, answer)).toBeUndefined();
    expect(judge(answer, answer, answer)).toMatch(/^The connection of pg_dump is dead/);
    expect(judge(answer, answer, answer)).toContain(words);
  });

  it('is dead after bad answers of several kinds', () => {
    expect(judge(waits, unreachable, gone)).toContain('no longer has the connection');
  });

  it('is kept as long as the server is working', () => {
    expect(judge(...Array.from({ length: 1000 }, () => working))).toBeUndefined();
    expect(judge(waits, waits, working)).toBeUndefined();
    expect(judge(waits, waits, working, waits, waits)).toBeUndefined();
  });

  it('is kept if the server cannot be asked, for example because the role can have only one connection', () => {
    expect(judge(...Array.from({ length: 1000 }, () => unknown))).toBeUndefined();
  });
});
