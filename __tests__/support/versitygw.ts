import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import {
  AbortMultipartUploadCommand,
  CreateBucketCommand,
  PutBucketPolicyCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { type GoTool, findGoTool } from '../../scripts/go-tool.ts';
import { ServerProcess } from './database-process.ts';
import { freePort } from './database-settings.ts';
import { REGION, type S3Credentials, type S3Server, clientOf, uploadsOf } from './s3-server.ts';

const execute = promisify(execFile);

/** Checks digests and signatures, knows conditions, object locks, users and policies. Apache-2.0. */
const VERSITYGW: GoTool = {
  name: 'versitygw',
  module: 'github.com/versity/versitygw/cmd/versitygw',
  version: 'v1.8.0',
};
/** For the hook that starts it: the first time, it is built, which takes a minute on two free cores. */
export const VERSITYGW_START_MS = 6 * 60_000;

const BUCKET = 'backups';
const START_ATTEMPTS = 5;

/** How a gateway differs from the usual one. */
export interface VersitygwOptions {
  /** Whether objects in the bucket can be locked, which makes it a bucket with versions too. */
  readonly objectLock?: boolean;
}

/** A running versitygw. */
export interface Versitygw extends S3Server {
  /** Makes every unfinished upload look as if it had been begun at that time. */
  setUploadTimes(time: Date): Promise<void>;
  /** Makes a user of the bucket who may do nothing but these actions with its objects, such as `s3:PutObject`. */
  createUser(actions: readonly string[]): Promise<S3Credentials>;
}

/**
 * Starts versitygw with one bucket, on a free port; it ends with `stop()`, and with the process that started it.
 *
 * @returns undefined where it is neither on PATH nor can be built, which is said.
 */
export async function startVersitygw(options: VersitygwOptions = {}): Promise<Versitygw | undefined> {
  const found = await findGoTool(VERSITYGW);
  if ('missing' in found) {
    process.stderr.write(`Not tested: ${found.missing}\n`);
    return undefined;
  }
  const gateway = new Gateway(found.program, await mkdtemp(join(tmpdir(), 'versitygw-')));
  try {
    await gateway.start(options);
    return gateway;
  } catch (error) {
    await gateway.stop();
    throw error;
  }
}

class Gateway implements Versitygw {
  readonly bucket = BUCKET;
  readonly credentials = newCredentials();
  origin = '';
  readonly #program: string;
  readonly #folder: string;
  readonly #server: ServerProcess;
  readonly #statements: object[] = [];
  #connected: S3Client | undefined;

  constructor(program: string, folder: string) {
    this.#program = program;
    this.#folder = folder;
    this.#server = new ServerProcess(folder);
  }

  async start({ objectLock = false }: VersitygwOptions): Promise<void> {
    const folders = ['data', 'versions', 'users', 'metadata'];
    for (const name of folders) await mkdir(join(this.#folder, name));
    await this.#listen();
    await this.#client.send(
      new CreateBucketCommand({ Bucket: BUCKET, ObjectLockEnabledForBucket: objectLock }),
    );
  }

  async createUser(actions: readonly string[]): Promise<S3Credentials> {
    const user = newCredentials();
    await execute(
      this.#program,
      [
        ...['admin', '--endpoint-url', this.origin, 'create-user', '--role', 'user'],
        ...['--access', user.accessKeyId, '--secret', user.secretAccessKey],
      ],
      {
        env: {
          ADMIN_ACCESS_KEY_ID: this.credentials.accessKeyId,
          ADMIN_SECRET_ACCESS_KEY: this.credentials.secretAccessKey,
          ADMIN_REGION: REGION,
        },
      },
    );
    this.#statements.push({
      Effect: 'Allow',
      Principal: { AWS: [user.accessKeyId] },
      Action: actions,
      Resource: [`arn:aws:s3:::${BUCKET}`, `arn:aws:s3:::${BUCKET}/*`],
    });
    const Policy = JSON.stringify({ Version: '2012-10-17', Statement: this.#statements });
    await this.#client.send(new PutBucketPolicyCommand({ Bucket: BUCKET, Policy }));
    return user;
  }

  async uploads(): Promise<readonly string[]> {
    return (await uploadsOf(this.#client, BUCKET)).map(({ Key = '' }) => Key);
  }

  async abortUploads(): Promise<void> {
    for (const { Key, UploadId } of await uploadsOf(this.#client, BUCKET))
      await this.#client.send(new AbortMultipartUploadCommand({ Bucket: BUCKET, Key, UploadId }));
  }

  setTime(key: string, time: Date): Promise<void> {
    return utimes(join(this.#folder, 'data', BUCKET, key), time, time);
  }

  async setUploadTimes(time: Date): Promise<void> {
    const uploads = join(this.#folder, 'data', BUCKET, '.sgwtmp/multipart');
    // One folder for each key, in it one for each upload.
    for (const name of await readdir(uploads, { recursive: true }))
      await utimes(join(uploads, name), time, time);
  }

  get #client(): S3Client {
    return (this.#connected ??= clientOf(this, this.credentials));
  }

  async stop(): Promise<void> {
    this.#connected?.destroy();
    await this.#server.close();
  }

  /** On a port that nobody else took in the meantime. */
  async #listen(): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      const port = await freePort();
      this.origin = `http://127.0.0.1:${port}`;
      try {
        await this.#server.start(this.#order(port), () => answers(this.origin));
        return;
      } catch (error) {
        if (attempt === START_ATTEMPTS) throw error;
      }
    }
  }

  #order(port: number) {
    const at = (name: string): string => join(this.#folder, name);
    return {
      program: this.#program,
      args: [
        ...['--port', `127.0.0.1:${port}`, '--region', REGION, '--quiet'],
        ...['--iam-dir', at('users'), '--iam-cache-disable'],
        ...['posix', '--versioning-dir', at('versions'), at('data')],
      ],
      env: {
        ROOT_ACCESS_KEY_ID: this.credentials.accessKeyId,
        ROOT_SECRET_ACCESS_KEY: this.credentials.secretAccessKey,
        // Not every file system has the attributes in which it would keep the metadata.
        VGW_META_SIDECAR: at('metadata'),
      },
      user: undefined,
    };
  }
}

/** No two servers share a secret, because the runner watches for them on the whole machine. */
function newCredentials(): S3Credentials {
  return {
    accessKeyId: `AKIA${randomBytes(8).toString('hex').toUpperCase()}`,
    secretAccessKey: randomBytes(20).toString('hex'),
  };
}

async function answers(origin: string): Promise<boolean> {
  return fetch(origin).then(
    () => true,
    () => false,
  );
}
