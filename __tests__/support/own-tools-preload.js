// The runner starts an action with this: of all psql, pg_dump and pg_restore it finds only those that a test put on PATH,
// into the tool cache or into its temporary folder, whatever is installed on the machine. (JavaScript, because it starts
// with every step of every scenario: Node.js takes 30 ms longer for TypeScript.)
import fs from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { basename, delimiter, resolve, sep } from 'node:path';

const TOOL = /^(?:psql|pg_dump|pg_restore)(?:\.exe)?$/;

const { PATH = '', RUNNER_TOOL_CACHE = '', RUNNER_TEMP = '' } = process.env;
const places = [RUNNER_TOOL_CACHE, RUNNER_TEMP, ...PATH.split(delimiter)]
  .filter((folder) => folder !== '')
  .map((folder) => resolve(folder) + sep);

const { access } = fs;

fs.access = async (path, mode) => {
  if (
    typeof path === 'string' &&
    TOOL.test(basename(path)) &&
    !places.some((place) => path.startsWith(place))
  )
    throw Object.assign(new Error(`ENOENT: no such file or directory, access '${path}'`), { code: 'ENOENT' });
  return access(path, mode);
};
// Programs that import a built-in module by name would keep what it was.
syncBuiltinESMExports();
