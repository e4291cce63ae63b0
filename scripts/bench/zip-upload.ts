// Uploads FILE in a zip archive with the artifact client and nothing else, and prints the milliseconds: `zip-upload.ts FILE`.
import path from 'node:path';

const [, , file = ''] = process.argv;
const started = performance.now();
const { default: client } = await import('@actions/artifact');
await client.uploadArtifact(path.basename(file), [file], path.dirname(file));
console.log(`milliseconds ${performance.now() - started}`);
