import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { startRoleService } from '../support/aws-role.ts';
import { clientOf } from '../support/s3-server.ts';
import { startS3rver } from '../support/s3rver-server.ts';
import type { WorkflowSetting } from '../support/workflow-run.ts';

/** The bucket `shop-backups` of the documentation, at AWS as far as the action can tell, for keys and for a role. */
export interface RecipeBucket {
  readonly origin: string;
  /** The environment of the machine: where AWS is, and the ID tokens of a job that may have them. */
  readonly setting: Pick<WorkflowSetting, 'env' | 'idTokenEnv'>;
  /** The secrets with the keys, by the beginning of their names. */
  secrets(prefix: string): Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

export async function startRecipeBucket(): Promise<RecipeBucket> {
  const server = await startS3rver();
  const { accessKeyId, secretAccessKey } = server.credentials;
  const role = await startRoleService({ accessKeyId, secretAccessKey, sessionToken: 'session-of-the-role' });
  const client = clientOf(server, server.credentials);
  await client.send(new CreateBucketCommand({ Bucket: 'shop-backups' }));
  client.destroy();
  return {
    origin: server.origin,
    setting: { env: { ...role.env, AWS_ENDPOINT_URL_S3: server.origin }, idTokenEnv: role.idTokenEnv },
    secrets: (prefix) => ({
      [`${prefix}_ACCESS_KEY_ID`]: accessKeyId,
      [`${prefix}_SECRET_ACCESS_KEY`]: secretAccessKey,
    }),
    async stop() {
      role.stop();
      await server.stop();
    },
  };
}
