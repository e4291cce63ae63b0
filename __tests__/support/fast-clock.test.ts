import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { fastClock } from './fast-clock.ts';
import { nodeProgram } from './node-program.ts';

const execute = promisify(execFile);

/** How long a program waits that is started with the fast clock, in ms. */
async function waits(script: string): Promise<number> {
  const timed = `const started = performance.now();
    const report = () => { console.log(performance.now() - started); process.exit(); };
    ${script}`;
  const { stdout, stderr } = await execute(nodeProgram(), ['--input-type=module', '-e', timed], {
    env: { ...process.env, ...fastClock() },
  });
  expect(stderr).toBe('');
  return Number(stdout);
}

const SILENT_SERVER = `
  import { createServer } from 'node:net';
  import { once } from 'node:events';
  const server = createServer(() => undefined).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();`;

describe('the fast clock', () => {
  it.concurrent.each([
    ['the global setTimeout', `setTimeout(report, 12_000);`],
    ['setTimeout of node:timers', `import { setTimeout as s } from 'node:timers'; s(report, 12_000);`],
    ['a timer that is refreshed', `const t = setTimeout(report, 12_000); t.refresh();`],
    [
      'timers/promises',
      `import { setTimeout as pause } from 'node:timers/promises'; await pause(12_000); report();`,
    ],
    [
      'timers/promises as CommonJS has it',
      `import { createRequire } from 'node:module';
       await createRequire('/')('timers/promises').setTimeout(12_000); report();`,
    ],
    [
      'a promisified setTimeout',
      `import { promisify } from 'node:util'; await promisify(setTimeout)(12_000); report();`,
    ],
    [
      'AbortSignal.timeout',
      `setTimeout(() => undefined, 60_000); AbortSignal.timeout(12_000).onabort = report;`,
    ],
    ['setInterval', `setInterval(report, 12_000);`],
    [
      "a socket's time-out",
      `${SILENT_SERVER} import { get } from 'node:http'; get({ port, timeout: 12_000 }).on('timeout', report);`,
    ],
    [
      'the time-outs of undici',
      `${SILENT_SERVER} import { Agent, fetch } from 'undici';
       const dispatcher = new Agent({ headersTimeout: 12_000 });
       await fetch('http://127.0.0.1:' + port, { dispatcher }).catch(report);`,
    ],
  ])('speeds up %s', async (_, script) => {
    const took = await waits(script);
    expect(took).toBeGreaterThan(1_000);
    expect(took).toBeLessThan(9_000);
  });

  it('does not change short timers and the time of day', async () => {
    const took = await waits(`const began = Date.now(); setTimeout(() => {
      if (Date.now() - began > 20_000) throw new Error('the time of day runs away');
      report();
    }, 3_000);`);
    expect(took).toBeGreaterThan(2_900);
  });
});
