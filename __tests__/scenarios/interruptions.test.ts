import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as pause } from 'node:timers/promises';
import { limitFileSize, smallDisk } from '../support/small-disk.ts';
import { fillLarge } from '../support/shop.ts';
import {
  type TestBed,
  expectFailure,
  expectNothingLeft,
  expectSuccess,
  startTestBed,
} from '../support/test-bed.ts';

let bed: TestBed;
let url: string;
beforeAll(async () => {
  bed = await startTestBed();
  // Fills the tool cache, so that what happens to a run happens to its backup.
  await bed.backup({ inputs: { upload: 'false', path: 'warm-up.bak' } });
  url = await bed.database.createDatabase('large');
  await fillLarge(bed.database, { database: 'large', megabytes: 60 });
});
afterAll(() => bed.stop());

/** Holds the dump up at a table, so that what happens meanwhile happens in the middle of it. */
async function whileDumping(act: () => Promise<unknown>, more: Parameters<TestBed['backup']>[0] = {}) {
  const acted: Promise<unknown>[] = [];
  const run = await bed.backup({
    inputs: { 'connection-string': url, 'connection-attempts': '1', compression: 'zstd:19' },
    onLine: (line) => {
      if (line.startsWith('Dumping')) acted.push(pause(300).then(act));
    },
    ...more,
  });
  await Promise.all(acted);
  expect(acted).toHaveLength(1);
  return run;
}
const noSessions = async () => {
  for (let attempt = 0; attempt < 50 && (await bed.database.sessions()).length > 0; attempt++)
    await pause(100);
  expect(await bed.database.sessions()).toEqual([]);
};

describe('a server that goes away in the middle of the dump', () => {
  it('because the session is terminated: red, nothing published, nothing left', async () => {
    const run = await whileDumping(() =>
      bed.database.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'postgres-backup-action'`,
      ),
    );
    expectFailure(run, /pg_dump failed: The server (ended|closed) the connection/, bed.artifacts);
    await noSessions();
  });

  it('because it crashes', async () => {
    const run = await whileDumping(() => bed.database.crash());
    expectFailure(run, /pg_dump failed: The server closed the connection unexpectedly/, bed.artifacts);
    await bed.database.start();
  });
});

describe('a cancelled run', () => {
  it.each(['SIGINT', 'SIGTERM'] as const)(
    'ends pg_dump and its session with %s, and leaves nothing',
    async (signal) => {
      const run = await bed.backup({
        inputs: { 'connection-string': url, compression: 'zstd:19' },
        signalAfter: { match: /^Dumping/, signal },
      });
      expectFailure(
        run,
        new RegExp(`cancelled \\(${signal}\\)[\\s\\S]*Nothing was published`),
        bed.artifacts,
      );
      await noSessions();
    },
  );

  it('in the middle of an upload publishes nothing', async () => {
    bed.artifacts.faults = { blobPut: { answer: 'hang' } };
    try {
      const run = await bed.backup({
        inputs: { 'connection-string': url },
        signalAfter: { match: /Beginning upload/, signal: 'SIGINT' },
      });
      expectFailure(run, /cancelled \(SIGINT\)/, bed.artifacts);
    } finally {
      bed.artifacts.faults = {};
    }
  });

  it('whose process is killed outright is cleaned up by post', async () => {
    let handle: { kill(signal: NodeJS.Signals): void } | undefined;
    const run = await bed.backup({
      inputs: { 'connection-string': url, compression: 'zstd:22' },
      onLine: (line) => {
        if (line.startsWith('Dumping')) setTimeout(() => handle?.kill('SIGKILL'), 500);
      },
      onStart: (started) => {
        handle = started;
      },
    });
    expect(run.signal).toBe('SIGKILL');
    expect(run.post?.log).toContain('Removed what an interrupted job had left');
    expect(run.leftFiles).toEqual([]);
    expect(run.post?.exitCode).toBe(0);
    await noSessions();
  });
});

describe('a full disk', () => {
  it('makes the step red, and leaves nothing', async () => {
    const disk = await smallDisk(2);
    const inputs = { 'connection-string': url };
    if (disk) {
      try {
        const run = await bed.backup({ inputs, temp: disk.folder });
        expectFailure(run, /pg_dump failed: The disk of the runner is full/, bed.artifacts);
      } finally {
        await disk.remove();
      }
      return;
    }
    // Without the right to mount a small disk, a limit on the size of files stops pg_dump in the same place.
    const run = await bed.backup({ inputs, onStart: ({ pid }) => void limitFileSize(pid, 2) });
    expectFailure(run, /pg_dump (was ended by SIGXFSZ|failed)/, bed.artifacts);
  });
});

describe('an artifact service in trouble', () => {
  afterAll(() => {
    bed.artifacts.faults = {};
  });

  it('that answers 500 for ever: red, with advice', async () => {
    bed.artifacts.faults = { createArtifact: { answer: 500 } };
    expectFailure(
      await bed.backup({ inputs: { 'connection-string': url } }),
      /could not be uploaded[\s\S]*\(500\)[\s\S]*Run the job again/,
      bed.artifacts,
    );
  });

  it('that drops the connection: red', async () => {
    bed.artifacts.faults = { createArtifact: { answer: 'reset' } };
    expectFailure(
      await bed.backup({ inputs: { 'connection-string': url } }),
      /could not be uploaded/,
      bed.artifacts,
    );
  });

  it('that will not finalize: red, and nothing is visible', async () => {
    bed.artifacts.faults = { finalizeArtifact: { answer: 403 } };
    expectFailure(
      await bed.backup({ inputs: { 'connection-string': url } }),
      /could not be uploaded/,
      bed.artifacts,
    );
  });

  it('that fails once is asked again, and the backup is good', async () => {
    bed.artifacts.faults = { createArtifact: { answer: 500, times: 1 } };
    const run = await bed.backup({ inputs: { 'connection-string': url, 'backup-name': 'second try' } });
    expectSuccess(run);
    expectNothingLeft(run);
    expect(bed.artifacts.artifacts()).toHaveLength(1);
  });
});
