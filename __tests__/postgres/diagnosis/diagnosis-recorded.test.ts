import { beforeAll, describe, expect, it } from '@jest/globals';
import { diagnose } from '../../../src/postgres/diagnosis/diagnosis.ts';
import { run } from '../../../src/process/run.ts';
import { type TestClientTools, testClientTools } from '../../support/client-tools.ts';
import { answering, withListener } from '../../support/fake-server.ts';
import type { RecordedFailure } from '../../support/recorded-failures.ts';
import { POOLER_RECORDS } from '../../support/recorded-poolers.ts';
import { SERVER_RECORDS } from '../../support/recorded-servers.ts';
import { TOOL_RECORDS } from '../../support/recorded-tools.ts';

let tools: TestClientTools;
beforeAll(async () => {
  tools = await testClientTools();
});

/** What a tool prints about the failure. */
async function printed(failure: RecordedFailure): Promise<string> {
  if ('printed' in failure) return failure.printed;
  return withListener(answering(failure.answer), async (connection) => {
    const env = { LC_ALL: 'C', PGCONNECT_TIMEOUT: '15', PGGSSENCMODE: 'disable', ...connection };
    const args = ['--no-psqlrc', '--no-password', '--quiet', '--set=ON_ERROR_STOP=1', '--file=-'];
    const { exitCode, stderr } = await run(tools.psql, args, { env, stdin: 'SELECT 1' });
    expect(exitCode).toBeGreaterThan(0);
    return stderr;
  });
}

describe.each([
  ['poolers and hosted services', POOLER_RECORDS],
  ['servers', SERVER_RECORDS],
  ['the tools', TOOL_RECORDS],
])('the diagnosis of the recorded wording of %s', (_, failures) => {
  it.each(failures)('explains $name', async (failure) => {
    const { cause, hint, transient } = diagnose(await printed(failure));
    expect(cause).toMatch(failure.cause);
    expect(hint.length).toBeGreaterThan(10);
    expect(transient).toBe(failure.transient ?? false);
  });
});
