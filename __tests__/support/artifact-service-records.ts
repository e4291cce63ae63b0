import { randomUUID } from 'node:crypto';
import { Refusal } from './artifact-service-http.ts';

/** An artifact as the service knows it. */
export interface ArtifactRecord {
  readonly id: number;
  readonly name: string;
  /** `owner/name` of the repository that it belongs to. */
  readonly repository: string;
  /** Whose code the workflow run was: its own repository's when absent, that of a deleted fork when empty. */
  readonly headRepository?: string;
  /** The workflow run that made it. */
  readonly runId: number;
  /** The two names by which the service's own protocol calls the run and the job. */
  readonly runBackendId: string;
  readonly jobBackendId: string;
  readonly mimeType: string;
  /** The protocol version that the client speaks: 7 is the first that uploads files unzipped. */
  readonly version: number;
  readonly createdAt: Date;
  readonly expiresAt: Date;
  readonly blobName: string;
  readonly finalized: boolean;
  /** In bytes; 0 before the artifact is finalized. */
  readonly size: number;
  /** `sha256:` and hex digits, as the client gave it; empty when it gave none. */
  readonly digest: string;
}

/** What a new artifact starts with. */
export type NewArtifact = Pick<
  ArtifactRecord,
  'name' | 'repository' | 'runId' | 'runBackendId' | 'jobBackendId' | 'mimeType' | 'version' | 'expiresAt'
> & {
  /** Now when absent. */
  readonly createdAt?: Date;
  readonly headRepository?: string;
};

/** The artifacts of all runs. */
export interface ArtifactRecords {
  all(): readonly ArtifactRecord[];
  /** @throws Refusal 409 when the run already has an artifact of this name, finalized or not. */
  create(artifact: NewArtifact): ArtifactRecord;
  find(matches: (artifact: ArtifactRecord) => boolean): ArtifactRecord | undefined;
  finalize(id: number, size: number, digest: string): ArtifactRecord;
  remove(id: number): void;
}

/** Real ids have long outgrown 32 bits; a client that cannot take that should fail here too. */
const FIRST_ID = 3_000_000_001;

/** An empty set of artifacts, kept in memory. */
export function createRecords(): ArtifactRecords {
  let records: readonly ArtifactRecord[] = [];
  let nextId = FIRST_ID;
  return {
    all: () => records,
    create(artifact) {
      if (records.some((other) => other.name === artifact.name && other.runId === artifact.runId)) {
        const msg = 'an artifact with this name already exists on the workflow run';
        throw new Refusal(409, { code: 'already_exists', msg });
      }
      const state = { finalized: false, size: 0, digest: '' };
      const createdAt = artifact.createdAt ?? new Date();
      const record = { ...artifact, ...state, id: nextId++, createdAt, blobName: randomUUID() };
      records = [...records, record];
      return record;
    },
    find: (matches) => records.find(matches),
    finalize(id, size, digest) {
      const found = records.find((record) => record.id === id);
      if (!found) throw new Refusal(404, { code: 'not_found', msg: 'artifact not found' });
      const record = { ...found, finalized: true, size, digest };
      records = records.map((other) => (other.id === id ? record : other));
      return record;
    },
    remove(id) {
      records = records.filter((record) => record.id !== id);
    },
  };
}
