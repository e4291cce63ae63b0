// Runs the end-to-end workflow on this machine with act, its own artifact server, and no Docker: `npm run test:act`.
// Where act is not available, it says why, and exits with 0.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { testClientTools } from '../__tests__/support/client-tools.ts';
import { type Database, startDatabase } from '../__tests__/support/database.ts';
import { freePort } from '../__tests__/support/database-settings.ts';
import { nodeProgram } from '../__tests__/support/node-program.ts';
import { startActArtifacts } from './act-artifacts.ts';
import { ACT, findGoTool } from './go-tool.ts';

const ROOT = path.resolve(import.meta.dirname, '..');

const act = await findGoTool(ACT);
if ('missing' in act) console.log(`test:act: skipped. ${act.missing}`);
else process.exitCode = await runWorkflow(act.program);

/** @returns the exit code of act. */
async function runWorkflow(program: string): Promise<number> {
  const folder = mkdtempSync(path.join(tmpdir(), 'act-'));
  const port = await freePort();
  const [database, tools, artifacts] = await Promise.all([
    startDatabase(),
    testClientTools(),
    startActArtifacts(port),
  ]);
  try {
    const child = spawn(program, actArguments(folder, port, database), {
      cwd: ROOT,
      env: {
        ...process.env,
        // Tools of the test bed: PGDG may be out of reach. And the Node.js that hosted runners have.
        PATH: [path.dirname(nodeProgram()), path.dirname(tools.pgDump), process.env['PATH'] ?? ''].join(':'),
        ACTIONS_RUNTIME_URL: artifacts.url,
        // Where act keeps the copy of the repository that it works on.
        XDG_CACHE_HOME: folder,
        RUNNER_TOOL_CACHE: path.join(folder, 'tools'),
      },
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    return await new Promise<number>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code) => {
        resolve(code ?? 1);
      });
    });
  } finally {
    artifacts.stop();
    await database.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

function actArguments(folder: string, artifactPort: number, { host, port, password }: Database): string[] {
  return [
    ...['workflow_dispatch', '--workflows', '.github/workflows/end-to-end.yml'],
    ...['--job', 'linux', '--matrix', 'runner:ubuntu-latest', '--matrix', 'server:17'],
    ...['--platform', 'ubuntu-latest=-self-hosted', '--no-cache-server'],
    // Else it is read from the remote of this clone, which may be anywhere.
    ...['--env', 'GITHUB_REPOSITORY=example/shop'],
    ...['--artifact-server-path', path.join(folder, 'artifacts'), '--artifact-server-addr', '127.0.0.1'],
    ...['--artifact-server-port', String(artifactPort)],
    ...['--var', `END_TO_END_ADDRESS=${host}:${port}`],
    ...['--var', `END_TO_END_PASSWORD=${encodeURIComponent(password)}`],
  ];
}
