import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startArtifactService } from './artifact-service.ts';
import { writeFakeTools } from './client-fakes.ts';
import { REPOSITORY_ROOT } from './node-program.ts';
import { runAction } from './runner.ts';

let action: string;

beforeEach(async () => {
  action = await mkdtemp(join(tmpdir(), 'action-'));
});

afterEach(async () => {
  await rm(action, { recursive: true, force: true });
});

/** Writes a small action; its code may use the real `@actions/core` as `core`. */
async function anAction(main: string, post = '', inputs = ''): Promise<void> {
  const core = JSON.stringify(join(REPOSITORY_ROOT, 'node_modules/@actions/core/lib/core.js'));
  const head = `
    import { spawn, spawnSync } from 'node:child_process';
    import { mkdirSync, writeFileSync } from 'node:fs';
    import * as core from ${core};
    const env = process.env;
    env.PATH += ':/usr/bin:/bin';
  `;
  await mkdir(join(action, 'dist'));
  await writeFile(join(action, 'dist/main.mjs'), head + main);
  await writeFile(join(action, 'dist/post.mjs'), post === '' ? '' : head + post);
  await writeFile(
    join(action, 'action.yml'),
    `name: Small\ninputs:${inputs || ' {}'}\nruns:\n  using: node24\n  main: dist/main.mjs\n  post: dist/post.mjs\n`,
  );
}

const aSecret = (): string => `s3cr3t/${randomBytes(9).toString('hex')}`;

describe('the runner', () => {
  it('passes inputs as GitHub does: only declared ones, with defaults, with names in capitals', async () => {
    const inputs = `
  connection-string: { required: true }
  two words: { default: 30 }
  flag: { default: false }
  token: { default: "\${{ github.token }}" }
  place: { default: "\${{ github.repository }} \${{ github.event.repository.private }}" }
  empty: { description: none }`;
    await anAction(
      `core.setOutput('env', Object.fromEntries(Object.entries(env).filter(([name]) => name.startsWith('INPUT_'))));
       core.setOutput('read', core.getInput('connection-string'));`,
      '',
      inputs,
    );
    const given = { 'connection-string': ' padded ' };
    const run = await runAction({ action, inputs: given, token: 'ghs_abcdefg', allowLeaks: true });
    expect(JSON.parse(run.outputs['env'] ?? '')).toEqual({
      'INPUT_CONNECTION-STRING': ' padded ',
      INPUT_TWO_WORDS: '30',
      INPUT_FLAG: 'false',
      INPUT_TOKEN: 'ghs_abcdefg',
      INPUT_PLACE: 'example/shop true',
      INPUT_EMPTY: '',
    });
    expect(run.outputs['read']).toBe('padded');
    await expect(runAction({ action, inputs: { typo: '' } })).rejects.toThrow('no input named typo');
  });

  it('passes the variables of the runner, and only a few of the machine', async () => {
    process.env['SOMETHING_OF_OURS'] = 'x';
    await anAction(`core.setOutput('env', env); core.setOutput('version', process.version);`);
    const run = await runAction({ action, runId: 12, retentionDays: 5, env: { OWN: 'y' } });
    const env: unknown = JSON.parse(run.outputs['env'] ?? '');
    expect(env).toMatchObject({
      GITHUB_ACTIONS: 'true',
      GITHUB_RUN_ID: '12',
      GITHUB_RETENTION_DAYS: '5',
      GITHUB_REPOSITORY_OWNER: 'example',
      GITHUB_SERVER_URL: 'https://github.com',
      RUNNER_TEMP: expect.any(String),
      OWN: 'y',
    });
    for (const name of [
      'SOMETHING_OF_OURS',
      'NODE_OPTIONS',
      'JEST_WORKER_ID',
      'ACTIONS_RUNTIME_TOKEN',
      'RUNNER_DEBUG',
    ]) {
      expect(env).not.toHaveProperty(name);
    }
    expect(run.outputs['version']).toMatch(/^v24\./);
    delete process.env['SOMETHING_OF_OURS'];
  });

  it('shows of the client tools only those in its folders and on PATH, whatever the machine has', async () => {
    const [here, there] = [join(action, 'here'), join(action, 'there')];
    for (const folder of [here, there]) await writeFakeTools(folder, '17.99');
    await anAction(
      `const { access } = await import('node:fs/promises');
       const found = (path) => access(path).then(() => 'found', ({ code }) => code);
       for (const folder of ['here', 'there'])
         core.setOutput(folder, await found(\`${action}/\${folder}/pg_dump\`));`,
    );
    const run = await runAction({ action, env: { PATH: here } });
    expect(run.outputs).toEqual({ here: 'found', there: 'ENOENT' });
  });

  it('returns outputs, state, summary, annotations, variables and paths, and passes the state on to post', async () => {
    await anAction(
      `core.setOutput('x', 'a\\nb'); core.saveState('folder', '/tmp/x'); core.exportVariable('SHOP', 'open');
       core.addPath('/opt/shop'); await core.summary.addRaw('# Title').write();
       core.warning('careful', { title: 'Shop' }); core.info('hello'); core.setFailed('no: 50%');
       console.error('on the other stream');`,
      `core.setOutput('state', core.getState('folder')); core.setOutput('shop', env.SHOP);
       core.setOutput('path', env.PATH.split(':')[0]);`,
    );
    const run = await runAction({ action });
    expect(run).toMatchObject({
      exitCode: 1,
      signal: null,
      outputs: { x: 'a\nb' },
      state: { folder: '/tmp/x' },
      env: { SHOP: 'open' },
      path: ['/opt/shop'],
      summary: '# Title',
      annotations: [
        { level: 'warning', message: 'careful', title: 'Shop' },
        { level: 'error', message: 'no: 50%' },
      ],
      post: { exitCode: 0, outputs: { state: '/tmp/x', shop: 'open', path: '/opt/shop' } },
      leftFiles: [],
      leftProcesses: [],
      leaks: [],
    });
    expect(run.log).toContain('##[warning]careful\nhello\n##[error]no: 50%\n');
    expect(run.log).toContain('on the other stream\n');
    expect(run.peakRssBytes).toBeGreaterThan(10_000_000);
    expect((await runAction({ action, post: false })).post).toBeUndefined();
  });

  it('masks the log and the annotations', async () => {
    const secret = aSecret();
    await anAction(
      `core.setSecret(${JSON.stringify(secret)});
       console.log('plain ${secret} and ${encodeURIComponent(secret)}'); core.error('in ${secret}', { title: '${secret}' });`,
    );
    const run = await runAction({ action, secrets: [secret] });
    expect(run.log).toBe('plain *** and ***\n##[error]in ***\n');
    expect(run.annotations).toEqual([{ level: 'error', message: 'in ***', title: '***' }]);
    expect(run.masks).toEqual([secret]);
    expect(run.rawStdout).toContain(secret);
  });

  it('lets the action talk to the artifact service', async () => {
    const service = await startArtifactService();
    try {
      const client = JSON.stringify(join(REPOSITORY_ROOT, 'node_modules/@actions/artifact/lib/artifact.js'));
      await anAction(
        `const { default: client } = await import(${client});
         writeFileSync('shop.bak', 'PGDMP');
         await client.uploadArtifact('', ['shop.bak'], '.', { skipArchive: true, retentionDays: 99 });`,
      );
      const run = await runAction({ action, artifactService: service, runId: 77, retentionDays: 20 });
      expect(run.exitCode).toBe(0);
      expect(service.artifacts()).toMatchObject([{ name: 'shop.bak', size: 5, runId: 77 }]);
      const days = ((service.artifacts()[0]?.expiresAt.getTime() ?? 0) - Date.now()) / 86_400_000;
      expect(Math.round(days)).toBe(20);
      expect(run.leftFiles).toEqual(['workspace/shop.bak']);
    } finally {
      await service.stop();
    }
  });
});

describe('the secrecy watch', () => {
  it.each([
    ['log', `console.log('it is ' + secret);`, 'main: log'],
    ['log, before its mask', `console.log(secret); core.setSecret(secret);`, 'main: log'],
    ['error stream', `console.error(secret);`, 'main: log'],
    ['log, percent-decoded', `console.log(decodeURIComponent(secret));`, 'main: log'],
    ['debug messages', `core.debug(secret);`, 'main: debug messages'],
    ['annotations', `core.error('x', { title: secret });`, 'main: annotation'],
    ['outputs', `core.setSecret(secret); core.setOutput('x', secret);`, 'main: outputs x'],
    ['state', `core.saveState('x', secret);`, 'main: state x'],
    ['variables for later steps', `core.exportVariable('x', secret);`, 'main: env x'],
    ['summary', `await core.summary.addRaw(secret).write();`, 'main: summary'],
    [
      'name of a file',
      `writeFileSync(decodeURIComponent(secret).replace('/', '%2F'), '');`,
      'name of a file left behind',
    ],
    ['files', `writeFileSync(env.RUNNER_TEMP + '/x', 'a' + secret);`, 'file left behind: temp/x'],
    [
      'command lines',
      `spawnSync('sleep', ['0.4', '0.' + secret.length, secret]); spawnSync('sh', ['-c', 'sleep 0.3', secret]);`,
      'command line of process',
    ],
  ])('sees a secret in the %s', async (_place, code, where) => {
    const secret = aSecret().replace('/', '%2F');
    await anAction(`const secret = env.SECRET; ${code}`);
    const options = { action, secrets: [secret], env: { SECRET: secret } };
    const { leaks } = await runAction({ ...options, allowLeaks: true, post: false });
    expect(leaks.map((leak) => leak.where)).toContainEqual(expect.stringContaining(where));
    expect(JSON.stringify(leaks)).not.toContain(secret);
  });

  it('finds a secret in post too, and the password within a URL', async () => {
    const password = randomBytes(9).toString('hex');
    await anAction('', `console.log('${password}');`);
    const secrets = [`postgres://shop:${password}@db.example.com/shop`];
    await expect(runAction({ action, secrets })).rejects.toThrow(
      'password, as it is) was seen in: post: log',
    );
  });

  it('watches the tokens without being asked', async () => {
    await anAction(`core.setOutput('x', 'ghs_0123456789abc');`);
    await expect(runAction({ action, token: 'ghs_0123456789abc' })).rejects.toThrow('main: outputs x');
  });
});

describe('a file or process that a run leaves', () => {
  it('is reported by name: new files in the temporary folders and the workspace', async () => {
    const workspace = join(action, 'work');
    await mkdir(workspace);
    await writeFile(join(workspace, '.env'), 'DATABASE_URL=postgres://u:p4ssw0rd@h/d');
    await anAction(
      `mkdirSync('new/empty', { recursive: true }); writeFileSync(env.TMPDIR + '/b', ''); writeFileSync('c', 'x');`,
    );
    const { leftFiles } = await runAction({ action, workspace, secrets: ['p4ssw0rd'] });
    expect([...leftFiles].sort()).toEqual(['tmp/b', 'workspace/c', 'workspace/new/empty/']);
    expect(await readFile(join(workspace, 'c'), 'utf8')).toBe('x');
  });

  it('is removed, except in a workspace of the test itself', async () => {
    await anAction(
      `core.setOutput('folders', [env.RUNNER_TEMP, process.cwd(), env.RUNNER_TOOL_CACHE].join(':'));`,
    );
    const { outputs } = await runAction({ action });
    const folders = (outputs['folders'] ?? '').split(':');
    expect(folders).toHaveLength(3);
    expect(folders.filter((folder) => existsSync(folder))).toEqual([]);
  });

  it.each([
    ['a child of its own', `spawn('sleep', ['31'], { stdio: 'ignore' }).unref();`],
    ['a child that keeps the output open', `spawn('sleep', ['32'], { stdio: 'inherit' }).unref();`],
    [
      'a grandchild in a session of its own',
      `spawnSync('setsid', ['-f', 'sleep', '33'], { stdio: 'ignore' });`,
    ],
    [
      'a grandchild without the environment',
      `spawnSync('sh', ['-c', 'sleep 34 &'], { stdio: 'ignore', env: { PATH: env.PATH } });`,
    ],
  ])('can be %s that keeps running, which is ended', async (_what, code) => {
    await anAction(`${code} setTimeout(() => process.exit(0), 100);`);
    const { leftProcesses, exitCode } = await runAction({ action });
    expect(exitCode).toBe(0);
    expect(leftProcesses.map(({ argv }) => argv[0])).toContain('sleep');
    expect(leftProcesses.map(({ after }) => after)).toContain('post');
    for (const { pid } of leftProcesses) await expect(stateOf(pid)).resolves.toMatch(/^[ZX]?$/);
  });
});

describe('a cancelled run', () => {
  it('gets the signal at the matching line, and post still runs', async () => {
    await anAction(
      `process.once('SIGINT', () => { console.log('bye'); process.exit(1); });
       setInterval(() => undefined, 1000); console.log('dumping now');`,
      `console.log('cleaned');`,
    );
    const run = await runAction({ action, signalAfter: { match: /dumping/, signal: 'SIGINT' } });
    expect(run).toMatchObject({
      exitCode: 1,
      signal: null,
      log: 'dumping now\nbye\n',
      post: { log: 'cleaned\n' },
    });
  });

  it('can be killed through its handle', async () => {
    await anAction(`setInterval(() => undefined, 1000);`);
    const run = await runAction({
      action,
      onStart: (handle) => {
        handle.kill('SIGKILL');
      },
    });
    expect(run).toMatchObject({ exitCode: null, signal: 'SIGKILL', post: { exitCode: 0 } });
  });

  it('fails when it takes too long, and ends what was running', async () => {
    const name = `0.${randomBytes(4).readUInt32BE()}`;
    await anAction(`spawn('sh', ['-c', 'sleep 60', '${name}']); setInterval(() => undefined, 1000);`);
    await expect(runAction({ action, timeoutMs: 500 })).rejects.toThrow('took longer than 500 ms');
    const running = await Promise.all((await readdir('/proc')).filter(Number).map(commandLineOf));
    expect(running.filter((line) => line.includes(name))).toEqual([]);
  });
});

it('the runner records which processes ran with which environment', async () => {
  await anAction(`spawnSync('sleep', ['0.5'], { env: { PATH: env.PATH, PGHOST: 'db' } });`);
  const { processes } = await runAction({ action });
  expect(processes).toMatchObject([{ argv: ['sleep', '0.5'], environment: { PGHOST: 'db' } }]);
  expect(Object.keys(processes[0]?.environment ?? {}).sort()).toEqual(['PATH', 'PGHOST']);
});

async function stateOf(pid: number): Promise<string> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return stat.slice(stat.lastIndexOf(')') + 2).slice(0, 1);
}

function commandLineOf(pid: string): Promise<string> {
  return readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
}
