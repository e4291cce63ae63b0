import type { ClientRequest, ClientTools } from '../../src/client/client-tools.ts';
import type { Machine } from '../../src/client/machine.ts';
import { provideTools } from '../../src/client/provide-client-tools.ts';

/** Provides the tools of one major version, as `postgres-version: 17` asks for them. */
export async function provideMajor(request: ClientRequest, machine?: Machine): Promise<ClientTools> {
  const { major, ...rest } = request;
  return provideTools({ ...rest, version: { kind: 'major', major } }, machine);
}
