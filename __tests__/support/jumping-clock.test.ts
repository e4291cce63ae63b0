import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, it } from '@jest/globals';
import { jumpingClock } from './jumping-clock.ts';
import { nodeProgram } from './node-program.ts';

const DAY_MS = 24 * 60 * 60_000;

it.each([2, -2])('the time of day of a program jumps by %d days when it prints the line', async (days) => {
  const program = `
    const times = () => [Date.now(), new Date().getTime(), new Date(0).getTime(), Date.UTC(1970, 0, 1)];
    const before = times();
    console.log('Another line');
    const between = times();
    console.log('Dumping shop');
    console.log(JSON.stringify([before, between, times()]));
  `;
  const env = { PATH: process.env['PATH'] ?? '', ...jumpingClock({ days, atLine: 'Dumping' }) };
  const { stdout } = await promisify(execFile)(nodeProgram(), ['--eval', program], { env });
  const times: unknown = JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
  const close = (time: number): unknown => expect.closeTo(time, -6);
  const now = Date.now();
  expect(times).toEqual([
    [close(now), close(now), 0, 0],
    [close(now), close(now), 0, 0],
    [close(now + days * DAY_MS), close(now + days * DAY_MS), 0, 0],
  ]);
});
