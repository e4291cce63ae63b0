// Installs the client tools as an ordinary user, in a process of its own; prints the tools as JSON.
// Its modules are read before it lets go of root, because that user may not enter the folder they are in.
import { argv, env, stdout } from 'node:process';
import { provideClientTools } from '../../src/client/provide-client-tools.ts';
import { bareMachine } from './client-install.ts';

const [, , url = '', signingKey = '', workFolder = '', user = ''] = argv;
if (user !== '') {
  process.setgroups?.([]);
  process.setgid?.(Number(user));
  process.setuid?.(Number(user));
}
const request = {
  major: 17,
  aptMirror: url,
  aptSigningKey: signingKey,
  workFolder,
  signal: new AbortController().signal,
};
const tools = await provideClientTools(request, await bareMachine());
stdout.write(`\n${JSON.stringify({ user: process.getuid?.(), home: env['HOME'], ...tools })}\n`);
