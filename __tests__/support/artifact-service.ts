import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { type BlobStore, startBlobStore } from './artifact-service-blobs.ts';
import { damageOf, fail } from './artifact-service-failures.ts';
import {
  type Fault,
  type FaultPlan,
  type FaultPoint,
  createFaultCounter,
} from './artifact-service-faults.ts';
import { Refusal, readJson, sendJson } from './artifact-service-http.ts';
import { passOn } from './artifact-service-proxy.ts';
import { type ArtifactRecord, type ArtifactRecords, createRecords } from './artifact-service-records.ts';
import {
  type Grant,
  type RepositoryVisibility,
  type RestContext,
  answerRest,
} from './artifact-service-rest.ts';
import { runtimeTokenFor, scopeOf, scopeOfRun } from './artifact-service-tokens.ts';
import { fileNameOf, twirpCalls } from './artifact-service-twirp.ts';
import { fileOfRecord, readBackupFileName, recordName } from '../../src/storage/backup-file-name.ts';
import { serializeRecord } from '../../src/storage/record.ts';
import { recordFor } from './seeded-record.ts';

/** A request that reached the service, blobs included. Queries are left out: they hold signatures. */
export interface RecordedRequest {
  readonly point: FaultPoint | 'unknown';
  readonly method: string;
  readonly path: string;
  /** Whether it came with a token. */
  readonly hasAuthorization: boolean;
}

/** What can be chosen about the service. */
export interface ArtifactServiceOptions {
  /** `owner/name`; `example/shop` when absent. */
  readonly repository?: string;
  /** What the repository grants at most, in days; 400 when absent. */
  readonly maximumRetentionDays?: number;
  /**
   * Whether clients send blobs to the storage itself: cheaper, for measurements; neither faults nor `requests` reach them then.
   * Otherwise they send them to the service, which passes them on.
   */
  readonly directStorage?: boolean;
}

/** An artifact that some run is to have made, without running it. */
export interface Seed {
  readonly name: string;
  readonly content: Uint8Array | string;
  /** `owner/name`; the service's own repository when absent. */
  readonly repository?: string;
  /** Whose code made it, as in a pull request from a fork: that of `repository` when absent, of a deleted fork when empty. */
  readonly headRepository?: string;
  /** A run of its own, of a number from 1001, when absent. */
  readonly runId?: number;
  /** The job that made it; one that no token is for when absent. */
  readonly jobBackendId?: string;
  /** Now when absent. */
  readonly createdAt?: Date;
  /** 90 days after it was made when absent; in the past, it is expired. */
  readonly expiresAt?: Date;
  /** What the service says of the content (`sha256:…`): the truth when absent, nothing when empty. */
  readonly digest?: string;
  readonly mimeType?: string;
  /** The record beside it: one that is true when absent, if it has the name of a backup; `none` for an unfinished backup. */
  readonly record?: Uint8Array | 'none';
}

/** GitHub's artifact service, on loopback: the runner's own protocol, the REST calls, and the storage behind both. */
export interface ArtifactService {
  /** For `ACTIONS_RESULTS_URL`. */
  readonly resultsUrl: string;
  /** For `ACTIONS_RUNTIME_TOKEN`, in a run with the number 1. */
  readonly runtimeToken: string;
  /** The same for another run. */
  runtimeTokenFor(runId: number): string;
  /** For `GITHUB_API_URL`. */
  readonly apiUrl: string;
  /** A token for the REST calls that may do everything in the service's own repository. */
  readonly githubToken: string;
  /** A new token for the REST calls that may do this much. */
  tokenFor(grant: Grant): string;
  readonly repository: string;
  /** Which places fail from now on. */
  faults: FaultPlan;
  /** Fulfilled when a fault strikes the next time. */
  struck(): Promise<void>;
  /** Who can see the repositories, as the REST calls say it from now on; at first, they are private. */
  visibility: RepositoryVisibility;
  /** When someone last pushed to the repositories, as the REST calls say it from now on; at first, just now. */
  pushedAt: Date;
  /** What time it is by GitHub's clock, as the answers say it from now on; the truth when undefined. */
  clock: Date | undefined;
  /** The digest that the service records from now on, whatever the client says (`sha256:…`). */
  digest: string | undefined;
  /** The finalized artifacts, oldest first, but the records of backups. */
  artifacts(): readonly ArtifactRecord[];
  /** The records of backups, oldest first. */
  records(): readonly ArtifactRecord[];
  /** All artifacts, those that were never finalized too. */
  created(): readonly ArtifactRecord[];
  /** The stored bytes of an artifact: this one, or the newest of this name. Rejects when there is none. */
  read(artifact: string | ArtifactRecord): Promise<Buffer>;
  /** Those of the newest of this name as a stream, for large ones. */
  stream(name: string): Promise<Readable>;
  /** Makes a finalized artifact. The REST calls list those made last first, whatever time they claim. */
  seed(artifact: Seed): Promise<ArtifactRecord>;
  /** Every request so far. */
  readonly requests: readonly RecordedRequest[];
  /** Ends everything; open connections are cut. */
  stop(): Promise<void>;
}

const TWIRP = '/twirp/github.actions.results.api.v1.ArtifactService/';

/** Starts the service on free ports of 127.0.0.1, with nothing in it. The first time in a process it takes about half a second. */
export async function startArtifactService(options: ArtifactServiceOptions = {}): Promise<ArtifactService> {
  const blobs = await startBlobStore();
  const records = createRecords();
  const repository = options.repository ?? 'example/shop';
  const grants = new Map<string, Grant>();
  const tokenFor = (grant: Grant): string => {
    const token = `ghs_${randomBytes(27).toString('base64url')}`;
    grants.set(token, grant);
    return token;
  };
  const requests: RecordedRequest[] = [];
  const onStrike: (() => void)[] = [];
  let origin = '';

  const finalized = (): readonly ArtifactRecord[] => records.all().filter((record) => record.finalized);
  const newest = (name: string): ArtifactRecord => {
    const found = records.all().findLast((record) => record.finalized && record.name === name);
    if (!found) throw new Error(`There is no artifact named ${name}.`);
    return found;
  };
  const service: Omit<ArtifactService, 'resultsUrl' | 'apiUrl'> = {
    runtimeToken: runtimeTokenFor(1),
    runtimeTokenFor,
    githubToken: tokenFor({ repositories: [repository], actions: 'write' }),
    tokenFor,
    repository,
    seed: seeder(records, blobs, repository),
    faults: {},
    struck: () => new Promise((resolve) => onStrike.push(resolve)),
    visibility: 'private',
    pushedAt: new Date(),
    clock: undefined,
    digest: undefined,
    artifacts: () => finalized().filter(({ name }) => fileOfRecord(name) === undefined),
    records: () => finalized().filter(({ name }) => fileOfRecord(name) !== undefined),
    created: () => records.all(),
    read: async (artifact) =>
      buffer(await blobs.read((typeof artifact === 'string' ? newest(artifact) : artifact).blobName)),
    stream: (name) => blobs.read(newest(name).blobName),
    requests,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await blobs.stop();
    },
  };
  const twirp = {
    records,
    repository,
    blobs,
    blobOrigin: () => (options.directStorage === true ? blobs.origin : origin),
    maximumRetentionDays: options.maximumRetentionDays ?? 400,
    digestOverride: () => running.digest,
  };
  const rest = (): RestContext => ({
    records,
    grantOf: (token) => grants.get(token),
    apiUrl: origin,
    visibility: running.visibility,
    pushedAt: running.pushedAt,
    downloadUrl: (record) => origin + blobs.downloadPath(record.blobName, fileNameOf(record)),
    removeBlob: (record) => blobs.remove(record.blobName),
  });
  const failing = createFaultCounter();
  const server = serve(async (request, response) => {
    const url = new URL(request.url ?? '/', origin);
    if (running.clock) response.setHeader('date', running.clock.toUTCString());
    const point = pointOf(request.method ?? '', url.pathname, blobs);
    const hasAuthorization = request.headers.authorization !== undefined;
    requests.push({ point, method: request.method ?? '', path: url.pathname, hasAuthorization });
    const fault = point === 'unknown' ? undefined : failing(faultAt(running.faults, point, url));
    if (fault !== undefined) for (const resolve of onStrike.splice(0)) resolve();
    if (fault !== undefined && (await fail(fault, point, request, response))) return;

    if (url.pathname.startsWith(`/${blobs.account}/`)) {
      await passOn(request, response, blobs.origin, damageOf(fault));
    } else if (url.pathname.startsWith(TWIRP)) {
      const call = twirpCalls[url.pathname.slice(TWIRP.length)];
      if (!call || request.method !== 'POST')
        throw new Refusal(404, { code: 'bad_route', msg: 'no such call' });
      const scope = scopeOf(request.headers.authorization);
      const body = await readJson(request);
      if (body['workflow_run_backend_id'] !== scope.runBackendId) {
        throw new Refusal(403, { code: 'permission_denied', msg: 'the token is for another run' });
      }
      const answer = await call(twirp, scope, body);
      if (fault === 'lost') request.socket.resetAndDestroy();
      else sendJson(response, 200, answer);
    } else {
      const answer = await answerRest(rest(), request.method ?? '', url, request.headers.authorization);
      for (const [name, value] of Object.entries(answer.headers ?? {})) response.setHeader(name, value);
      sendJson(response, answer.status, answer.body);
    }
  });
  try {
    origin = await listen(server);
  } catch (error) {
    await blobs.stop();
    throw error;
  }
  const running: ArtifactService = Object.assign(service, { resultsUrl: `${origin}/`, apiUrl: origin });
  return running;
}

/** @returns a function that makes artifacts of which no client knows. */
function seeder(
  records: ArtifactRecords,
  blobs: BlobStore,
  ownRepository: string,
): (seed: Seed) => Promise<ArtifactRecord> {
  let nextRunId = 1001;
  const seed = async (wanted: Seed): Promise<ArtifactRecord> => {
    const {
      repository = ownRepository,
      mimeType = 'application/octet-stream',
      createdAt = new Date(),
    } = wanted;
    const content = Buffer.from(wanted.content);
    const scope = { ...scopeOfRun(wanted.runId ?? nextRunId++) };
    const record = records.create({
      ...scope,
      jobBackendId: wanted.jobBackendId ?? randomUUID(),
      name: wanted.name,
      repository,
      ...(wanted.headRepository === undefined ? {} : { headRepository: wanted.headRepository }),
      mimeType,
      version: 7,
      createdAt,
      expiresAt: wanted.expiresAt ?? new Date(createdAt.getTime() + 90 * 86_400_000),
    });
    await blobs.write(record.blobName, content);
    const digest = wanted.digest ?? `sha256:${createHash('sha256').update(content).digest('hex')}`;
    const made = records.finalize(record.id, content.length, digest);
    const { record: beside = serializedRecord(wanted.name, content) } = wanted;
    if (beside !== 'none') {
      const { jobBackendId, headRepository, expiresAt } = wanted;
      await seed({
        ...{ runId: record.runId, createdAt, name: recordName(wanted.name), content: beside, record: 'none' },
        ...{ repository, ...(jobBackendId && { jobBackendId }), ...(expiresAt && { expiresAt }) },
        ...(headRepository !== undefined && { headRepository }),
      });
    }
    return made;
  };
  return seed;
}

function serializedRecord(name: string, content: Uint8Array): Buffer | 'none' {
  return readBackupFileName(name) ? serializeRecord(recordFor(name, content)) : 'none';
}

function pointOf(method: string, path: string, blobs: BlobStore): FaultPoint | 'unknown' {
  if (path.startsWith(`/${blobs.account}/`)) return method === 'PUT' ? 'blobPut' : 'blobGet';
  if (path.startsWith('/repos/')) return method === 'DELETE' ? 'restDelete' : 'rest';
  const points: Readonly<Record<string, FaultPoint>> = {
    CreateArtifact: 'createArtifact',
    FinalizeArtifact: 'finalizeArtifact',
    ListArtifacts: 'listArtifacts',
    GetSignedArtifactURL: 'getSignedArtifactURL',
    DeleteArtifact: 'deleteArtifact',
  };
  return (path.startsWith(TWIRP) ? points[path.slice(TWIRP.length)] : undefined) ?? 'unknown';
}

/** A commit fails as the blob's other writes do, unless it has a fault of its own. */
function faultAt(faults: FaultPlan, point: FaultPoint, url: URL): Fault | undefined {
  const isCommit = point === 'blobPut' && url.searchParams.get('comp') === 'blocklist';
  return (isCommit ? faults.blobCommit : undefined) ?? faults[point];
}

function serve(handle: (request: IncomingMessage, response: ServerResponse) => Promise<void>): Server {
  return createServer((request, response) => {
    handle(request, response).catch((error: unknown) => {
      if (response.headersSent || request.socket.destroyed) {
        request.socket.destroy();
      } else if (error instanceof Refusal) {
        request.resume();
        sendJson(response, error.status, error.body);
      } else {
        request.resume();
        sendJson(response, 500, { code: 'internal', msg: String(error), message: String(error) });
      }
    });
  });
}

async function listen(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The service has no port.');
  return `http://127.0.0.1:${address.port}`;
}
