import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { diagnose, diagnosedError } from '../../../src/postgres/diagnosis/diagnosis.ts';
import { type FailureBench, startFailureBench } from '../../support/failure-bench.ts';
import { ACCESS_FAILURES, LIMIT_FAILURES } from '../../support/provoked-access.ts';
import { DAMAGE_FAILURES } from '../../support/provoked-damage.ts';
import { INTERRUPTION_FAILURES } from '../../support/provoked-interruptions.ts';
import { NETWORK_FAILURES } from '../../support/provoked-network.ts';
import { PARALLEL_FAILURES } from '../../support/provoked-parallel.ts';
import { REQUEST_FAILURES } from '../../support/provoked-requests.ts';
import { RIGHTS_FAILURES } from '../../support/provoked-rights.ts';
import { HUGE_FAILURES, SERVER_FAILURES } from '../../support/provoked-server.ts';
import { TLS_FAILURES } from '../../support/provoked-tls.ts';

let bench: FailureBench;
beforeAll(async () => {
  bench = await startFailureBench();
});
afterAll(() => bench.stop());

describe.each([
  ['logging in', ACCESS_FAILURES],
  ['limits on connections', LIMIT_FAILURES],
  ['the network', NETWORK_FAILURES],
  ['TLS', TLS_FAILURES],
  ['rights', RIGHTS_FAILURES],
  ['locks and time limits', INTERRUPTION_FAILURES],
  ['the server', SERVER_FAILURES],
  ['values of half a gigabyte (thorough)', HUGE_FAILURES],
  ['damage', DAMAGE_FAILURES],
  ['what pg_dump was asked for', REQUEST_FAILURES],
  ['parallel dumps', PARALLEL_FAILURES],
])('the diagnosis of real failures of %s (thorough)', (_, failures) => {
  it.each(failures)('explains $name', async (failure) => {
    const stderr = await failure.provoke(bench);
    const { cause, hint, transient } = diagnose(stderr);
    expect(cause).toMatch(failure.cause);
    expect(hint).toMatch(failure.hint ?? /.{10}/);
    expect(transient).toBe(failure.transient ?? false);
    const { message } = diagnosedError('dump-failed', 'It failed', stderr);
    for (const { password } of [bench.plain, bench.tls, bench.narrow]) {
      expect([message, hint].join(' ')).not.toContain(password);
    }
  });
});
