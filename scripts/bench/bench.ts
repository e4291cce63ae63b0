// `npm run bench [-- TOPIC]`: speed and memory as ratios within one run, printed as a table.
import { benchBackup } from './backup.ts';
import { benchMemory } from './memory.ts';

const TOPICS = new Map([
  ['backup', benchBackup],
  ['memory', benchMemory],
]);

const topic = process.argv[2] ?? 'backup';
const bench = TOPICS.get(topic);
if (!bench) {
  console.error(`There is no bench "${topic}". There are: ${[...TOPICS.keys()].join(', ')}.`);
  process.exitCode = 2;
} else {
  await bench();
}
