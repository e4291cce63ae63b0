// `npm run bench [-- TOPIC]`: speed and memory as ratios within one run, printed as a table.
import { benchBackup } from './backup.ts';
import { benchBucket } from './bucket.ts';
import { benchChanges } from './changed-tables.ts';
import { benchEncrypt } from './encrypt.ts';
import { benchInstall } from './install.ts';
import { benchLink } from './link.ts';
import { benchMemory } from './memory.ts';
import { benchParallel } from './parallel.ts';
import { benchRestore } from './restore.ts';
import { benchTables } from './many-tables.ts';
import { benchTunnel } from './tunnel.ts';

const TOPICS = new Map([
  ['backup', benchBackup],
  ['link', benchLink],
  ['s3', benchBucket],
  ['memory', benchMemory],
  ['install', benchInstall],
  ['tunnel', benchTunnel],
  ['encrypt', benchEncrypt],
  ['restore', benchRestore],
  ['tables', benchTables],
  ['changes', benchChanges],
  ['parallel', benchParallel],
]);

const topic = process.argv[2] ?? 'backup';
const bench = TOPICS.get(topic);
if (!bench) {
  console.error(`There is no bench "${topic}". There are: ${[...TOPICS.keys()].join(', ')}.`);
  process.exitCode = 2;
} else {
  await bench();
}
