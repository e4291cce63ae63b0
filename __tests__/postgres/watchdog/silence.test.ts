import { describe, expect, it } from '@jest/globals';
import { type ServerSide, judgeSilence, serverSide } from '../../../src/postgres/watchdog/silence.ts';

const atWork: ServerSide = { kind: 'at work', waitsFor: '' };
const waits: ServerSide = { kind: 'waits for the tool' };
const gone: ServerSide = { kind: 'no session' };
const unreachable: ServerSide = { kind: 'unreachable', cause: 'The server refuses connections.' };
const unknown: ServerSide = { kind: 'unknown' };

const judge = (...answers: ServerSide[]): string | undefined => judgeSilence('pg_dump', answers, 3)?.message;

describe('what the server says of a silent tool', () => {
  it('is "at work" as soon as one of its sessions runs a statement and does not wait for the tool', () => {
    expect(serverSide([['active', '', '']])).toEqual({ kind: 'at work', waitsFor: '' });
    expect(serverSide([['active', 'Lock', 'relation']])).toEqual({
      kind: 'at work',
      waitsFor: 'Lock: relation',
    });
    expect(
      serverSide([
        ['idle in transaction', 'Client', 'ClientRead'],
        ['active', 'IO', 'DataFileRead'],
      ]),
    ).toEqual({ kind: 'at work', waitsFor: 'IO: DataFileRead' });
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
    ['the server waits for the tool too', waits, 'the server waits for an answer and gets none'],
    ['the server has no such session', gone, 'the server does not know of the connection'],
    ['the server cannot be reached', unreachable, 'reached any more (The server refuses connections)'],
  ])('ends after three answers in a row that %s', (_, answer, words) => {
    expect(judge(answer, answer)).toBeUndefined();
    expect(judge(answer, answer, answer)).toMatch(/^The connection of pg_dump went silent/);
    expect(judge(answer, answer, answer)).toContain(words);
  });

  it('ends after bad answers of several kinds', () => {
    expect(judge(waits, unreachable, gone)).toContain('does not know of the connection');
  });

  it('goes on for as long as the server is at work, however long that is', () => {
    expect(judge(...Array.from({ length: 1000 }, () => atWork))).toBeUndefined();
    expect(judge(waits, waits, atWork)).toBeUndefined();
    expect(judge(waits, waits, atWork, waits, waits)).toBeUndefined();
  });

  it('goes on when the server cannot be asked, as when the role may have one connection only', () => {
    expect(judge(...Array.from({ length: 1000 }, () => unknown))).toBeUndefined();
  });
});
