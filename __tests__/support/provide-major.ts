import type { ClientRequest, ClientTools } from '../../src/tools/client-tools.ts';
import type { Machine } from '../../src/tools/machine.ts';
import { provideTools } from '../../src/tools/provide-client-tools.ts';

/** Provides the tools of one major version, as `postgres-version: 17` asks for them. */
export async function provideMajor(request: ClientRequest, machine?: Machine): Promise<ClientTools> {
  const { major, ...rest } = request;
  return provideTools({ ...rest, version: { kind: 'major', major } }, machine);
}
