// Installs the client tools in a process of its own, as another user if one is given; prints the tools as JSON.
// Its modules are read before it lets go of root, because that user may not enter the folder they are in.
//
//     node client-install-process.ts <pgdg | provide> <mirror> <signing key> <work folder> [user id] [version]
import { argv, env, stdout } from 'node:process';
import { provideMajor } from './provide-major.ts';
import { bareMachine, install } from './client-install.ts';

const [, , way = '', url = '', signingKey = '', workFolder = '', user = '', version = '17'] = argv;
if (user !== '') {
  process.setgroups?.([]);
  process.setgid?.(Number(user));
  process.setuid?.(Number(user));
}
const request = {
  major: Number(version),
  aptMirror: url,
  aptSigningKey: signingKey,
  workFolder,
  signal: new AbortController().signal,
};
const started = performance.now();
const tools = way === 'pgdg' ? await install(request) : await provideMajor(request, await bareMachine());
const milliseconds = performance.now() - started;
stdout.write(
  `\n${JSON.stringify({ user: process.getuid?.(), home: env['HOME'], milliseconds, ...tools })}\n`,
);
