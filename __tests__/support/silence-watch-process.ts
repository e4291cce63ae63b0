// Watches tools that do nothing, each in a folder of its own with the psql by which its server is asked; prints as JSON
// the result of each. It is a process of its own because it is started with the fast clock.
//
//     node silence-watch-process.ts <folder of a tool>...
import { statSync } from 'node:fs';
import { once } from 'node:events';
import { basename, join } from 'node:path';
import { argv, stdout } from 'node:process';
import { watchSilence } from '../../src/postgres/watchdog/silence.ts';
import { messageOf } from '../../src/errors.ts';
import { testSession } from './test-session.ts';

/** A tool gets on when the file `progress` grows. */
function progressIn(folder: string): number {
  return statSync(join(folder, 'progress'), { throwIfNoEntry: false })?.size ?? 0;
}

const verdicts = argv.slice(2).map(async (folder) => {
  const watch = watchSilence({
    name: basename(folder),
    session: testSession({ psql: join(folder, 'psql') }, { PGAPPNAME: 'the watch' }),
    applicationName: 'the tool',
    progress: () => progressIn(folder),
  });
  await once(watch.signal, 'abort');
  await watch.stop();
  return [basename(folder), messageOf(watch.signal.reason)] as const;
});
stdout.write(`\n${JSON.stringify(Object.fromEntries(await Promise.all(verdicts)))}\n`);
