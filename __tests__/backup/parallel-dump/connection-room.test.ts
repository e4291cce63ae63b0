import { describe, expect, it } from '@jest/globals';
import { connectionRoom } from '../../../src/backup/parallel-dump/connection-room.ts';

const user = { of: 'the user', most: 6, taken: 1 };
const server = { of: 'the server', most: 100, taken: 13 };

describe('the connections of a parallel dump', () => {
  it('are one for each job, and one more', () => {
    expect(connectionRoom(4, [user, server])).toEqual({ error: undefined, hasRoomForSnapshot: false });
    expect(connectionRoom(5, [user, server]).error?.message).toBe(
      'jobs: 5 needs 6 connections, one for each worker of pg_dump and one more, and 5 can be opened: the limit of the user is 6, and 1 are in use or reserved.',
    );
  });

  it('leave one for the snapshot, unless the limit is reached', () => {
    expect(connectionRoom(3, [server, user])).toEqual({ error: undefined, hasRoomForSnapshot: true });
    expect(connectionRoom(3, [])).toEqual({ error: undefined, hasRoomForSnapshot: true });
  });

  it.each([
    [5, 6, 1, 'Set "jobs: 4" or less, or raise that limit.'],
    [5, 6, 3, 'Set "jobs: 2" or less, or raise that limit.'],
    [5, 6, 4, 'Set "jobs: 1", which needs one, or raise that limit.'],
    [2, 1, 9, 'Set "jobs: 1", which needs one, or raise that limit.'],
  ])('for %i jobs, of %i with %i taken, are as many as the hint says', (jobs, most, taken, hint) => {
    expect(connectionRoom(jobs, [{ of: 'the database', most, taken }]).error?.hint).toBe(hint);
  });
});
