// Uploads FILE with the artifact client and nothing else, and prints the milliseconds: `bare-upload.ts FILE zip|file`.
import path from 'node:path';

const [file = '', how] = process.argv.slice(2);
const started = performance.now();
const { default: client } = await import('@actions/artifact');
await client.uploadArtifact(path.basename(file), [file], path.dirname(file), { skipArchive: how === 'file' });
console.log(`milliseconds ${performance.now() - started}`);
