import { chmod, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { ArtifactService } from './artifact-service.ts';
import { REPOSITORY_ROOT, nodeProgram } from './node-program.ts';
import { REGION } from './s3-server.ts';

/**
 * Stand-ins for the GitHub CLI and the AWS CLI, which are not here: they know the calls that the documentation prints, and send
 * them to the artifact service and the S3 server of the tests. `--jq` needs jq.
 *
 * @param folder where they appear, as `gh` and `aws`.
 */
export async function writeStandInClients(folder: string, artifacts: ArtifactService): Promise<void> {
  await program(folder, 'gh', githubClient(artifacts));
  await program(folder, 'aws', AWS_CLIENT);
}

async function program(folder: string, name: string, script: string): Promise<void> {
  const file = path.join(folder, `${name}.mjs`);
  await writeFile(file, script);
  await writeFile(path.join(folder, name), `#!/bin/sh\nexec '${nodeProgram()}' '${file}' "$@"\n`);
  await chmod(path.join(folder, name), 0o755);
}

/** `gh api [--paginate] PATH [--jq EXPRESSION]`, for answers of one page. */
function githubClient({ apiUrl, githubToken }: ArtifactService): string {
  return `
import { execFileSync } from 'node:child_process';
const [command, ...rest] = process.argv.slice(2);
if (command !== 'api') throw new Error('gh ' + command);
const jq = rest.indexOf('--jq');
const expression = jq < 0 ? undefined : rest.splice(jq, 2)[1];
const [path] = rest.filter((word) => word !== '--paginate');
const answer = await fetch(${JSON.stringify(apiUrl)} + '/' + path, { headers: { authorization: 'Bearer ${githubToken}' } });
if (!answer.ok) throw new Error(path + ': ' + answer.status);
const body = Buffer.from(await answer.arrayBuffer());
process.stdout.write(expression === undefined ? body : execFileSync('jq', ['-r', expression], { input: body }));
`;
}

/** `aws s3 cp s3://BUCKET/KEY FILE` and `aws s3 ls --recursive s3://BUCKET/PREFIX/`, with `--region` and `--endpoint-url`. */
const AWS_CLIENT = `
import { writeFileSync } from 'node:fs';
import { GetObjectCommand, ListObjectsV2Command, S3Client } from ${JSON.stringify(
  pathToFileURL(path.join(REPOSITORY_ROOT, 'node_modules/@aws-sdk/client-s3/dist-cjs/index.js')).href,
)};
const [, what, ...rest] = process.argv.slice(2);
const option = (name) => {
  const at = rest.indexOf(name);
  return at < 0 ? undefined : rest.splice(at, 2)[1];
};
const region = option('--region') ?? '${REGION}';
const endpoint = option('--endpoint-url') ?? process.env.AWS_ENDPOINT_URL;
const [source, target] = rest.filter((word) => word !== '--recursive');
const [, Bucket, Key] = /^s3:\\/\\/([^/]+)\\/(.*)$/.exec(source);
const client = new S3Client({ endpoint, region, forcePathStyle: true });
if (what === 'cp') {
  const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }));
  writeFileSync(target, await Body.transformToByteArray());
} else {
  const { Contents } = await client.send(new ListObjectsV2Command({ Bucket, Prefix: Key }));
  for (const object of Contents) console.log(object.LastModified.toISOString(), object.Size, object.Key);
}
`;
