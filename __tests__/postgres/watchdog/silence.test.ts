import { describe, expect, it } from '@jest/globals';
import { type ServerSide, judgeSilence, serverSide } from '../../../src/postgres/watchdog/silence.ts';

const working: ServerSide = { kind: 'working', waitsFor: '' };
const waits: ServerSide = { kind: 'waits for the tool' };
const gone: ServerSide = { kind: 'no session' };
const unreachable: ServerSide = { kind: 'unreachable', cause: 'The server refuses connections.' };
const unknown: ServerSide = { kind: 'unknown' };

const judge = (...answers: ServerSide[]): string | undefined => judgeSilence('pg_dump', answers, 3)?.message;

describe('what the server says of a silent tool', () => {
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

  it('is that it waits for the tool, when all its sessions want to read from it or write to it', () => {
    expect(serverSide([['active', 'Client', 'ClientWrite']])).toEqual(waits);
    expect(serverSide([['idle in transaction', 'Client', 'ClientRead']])).toEqual(waits);
  });

  it('is that there is no such session', () => {
    expect(serverSide([])).toEqual(gone);
  });
});

describe('a silence', () => {
  it.each([
    ['the server waits for the tool too', waits, 'the server is waiting for a response and receives none'],
    ['the server has no such session', gone, 'the server no longer has the connection'],
    ['the server cannot be reached', unreachable, 'no longer be reached (The server refuses connections)'],
  ])('ends after three answers in a row that %s', (_, answer, words) => {
    expect(judge(answer, answer)).toBeUndefined();
    expect(judge(answer, answer, answer)).toMatch(/^The connection of pg_dump is dead/);
    expect(judge(answer, answer, answer)).toContain(words);
  });

  it('ends after bad answers of several kinds', () => {
    expect(judge(waits, unreachable, gone)).toContain('no longer has the connection');
  });

  it('goes on for as long as the server is working, however long that is', () => {
    expect(judge(...Array.from({ length: 1000 }, () => working))).toBeUndefined();
    expect(judge(waits, waits, working)).toBeUndefined();
    expect(judge(waits, waits, working, waits, waits)).toBeUndefined();
  });

  it('goes on when the server cannot be asked, as when the role may have one connection only', () => {
    expect(judge(...Array.from({ length: 1000 }, () => unknown))).toBeUndefined();
  });
});
