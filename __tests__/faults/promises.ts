import { createHash } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { ArtifactRecord } from '../support/artifact-service-records.ts';
import { recordName } from '../../src/storage/backup-file-name.ts';
import { parseRecord } from '../../src/storage/parse-record.ts';
import { isOpenRecord } from '../../src/storage/record.ts';
import type { ActionRun } from '../support/runner.ts';
import { brokenBuckets } from './bucket-promises.ts';
import type { FaultBed } from './fault-bed.ts';
import type { FaultCase } from './fault-case.ts';

/** What a run is checked against. */
export interface Expectation extends Pick<FaultCase, 'outcome' | 'says' | 'published' | 'store'> {
  /** The ids of the artifacts that were there before. */
  readonly before: ReadonlySet<number>;
  /** Whether the backup is encrypted, so that nothing of its content may show; it is not when absent. */
  readonly isSilent?: boolean;
}

/** A server notices within this time that its client has gone. */
const SESSIONS_GONE_WITHIN_MS = 15_000;

/**
 * Checks a run against the five promises: it fails, or the backup is correct; one annotation with the cause and what to do;
 * no artifact unless it is complete and verified; no files left on the disk; no process and no session left.
 *
 * @returns a sentence for each broken promise; empty when all were kept.
 */
export async function brokenPromises(
  bed: FaultBed,
  run: ActionRun,
  expected: Expectation,
): Promise<string[]> {
  return [
    ...brokenColour(run, expected),
    ...brokenWords(run, expected),
    ...(await brokenArtifacts(bed, run, expected)),
    ...(await brokenBuckets(bed, survivedIn('a bucket', expected))),
    ...leftOnDisk(run),
    ...leftProcesses(run, expected),
    ...(await leftSessions(bed)),
  ];
}

function brokenColour(run: ActionRun, { outcome, published }: Expectation): string[] {
  const { exitCode, signal, outputs, summary } = run;
  const ended = `main ended with ${exitCode ?? signal ?? 'nothing'}`;
  const postFailed = run.post?.exitCode === 0 ? [] : [`post ended with ${run.post?.exitCode ?? 'nothing'}`];
  switch (outcome) {
    case 'survived':
      return [
        ...postFailed,
        ...(exitCode === 0 ? [] : [`${ended} instead of 0`]),
        ...(summary.includes('❌') ? ['the summary says that it failed'] : []),
      ];
    case 'killed':
      return [
        ...postFailed,
        ...(exitCode === 0 || exitCode === 1 ? [`${ended}, as if it had not been killed`] : []),
      ];
    case 'failed':
      return [
        ...postFailed,
        ...(exitCode === 1 ? [] : [`${ended} instead of 1`]),
        ...(published !== undefined || Object.keys(outputs).length === 0 ? [] : ['there are outputs']),
        ...(summary === '' || summary.includes('## ❌') ? [] : ['the summary does not say that it failed']),
      ];
  }
}

function brokenWords(run: ActionRun, { outcome, says, published }: Expectation): string[] {
  const annotations = [...run.annotations, ...(run.post?.annotations ?? [])];
  const errors = annotations.filter(({ level }) => level === 'error');
  if (outcome === 'killed' && published !== undefined) {
    // The backup is good: the post step only warns about what is missing.
    const warned = annotations.some(({ level, message }) => level === 'warning' && says.test(message));
    return [
      ...errors.map(({ message }) => `there is an error although the backup is good: ${message}`),
      ...(warned ? [] : [`no warning says ${String(says)}`]),
    ];
  }
  if (outcome === 'survived') {
    return [
      ...errors.map(({ message }) => `there is an error although it survived: ${message}`),
      ...(says.test(run.log) ? [] : [`the log does not say ${String(says)}`]),
    ];
  }
  const [error] = errors;
  if (!error || errors.length > 1) return [`there are ${errors.length} error annotations instead of one`];
  return [
    ...(error.message.split('\n').length === 2 ? [] : ['the annotation is not a cause and a hint']),
    ...(says.test(error.message) ? [] : [`the annotation does not say ${String(says)}: ${error.message}`]),
  ];
}

async function brokenArtifacts(bed: FaultBed, run: ActionRun, expected: Expectation): Promise<string[]> {
  const { outcome, published, before, isSilent = false } = expected;
  const made = bed.artifacts.artifacts().filter(({ id }) => !before.has(id));
  const wanted = published === 'an artifact' ? 1 : survivedIn(undefined, expected);
  const broken = await Promise.all(made.map((artifact) => brokenArtifact(bed, artifact, isSilent)));
  const right = isSilent ? [''] : [bed.shop.contentDigest, bed.large.contentDigest];
  return [
    ...(made.length === wanted ? [] : [`there are ${made.length} new artifacts instead of ${wanted}`]),
    ...broken.flat(),
    ...brokenRecords(bed),
    ...(outcome === 'survived' && !right.includes(run.outputs['content-digest'] ?? '')
      ? ['the content digest is not that of a backup without faults']
      : []),
    ...(outcome === 'survived' && made[0] && made[0].digest !== `sha256:${run.outputs['backup-sha256'] ?? ''}`
      ? ['the artifact is not the file that the outputs describe']
      : []),
  ];
}

/** How many backups a store must have got. */
function survivedIn(store: FaultCase['store'], expected: Expectation): number {
  return expected.outcome === 'survived' && expected.store === store ? 1 : 0;
}

/** A backup is complete when its bytes are those that were verified, and its record tells of them and of their content. */
async function brokenArtifact(
  { artifacts, shop, large }: FaultBed,
  artifact: ArtifactRecord,
  isSilent: boolean,
): Promise<string[]> {
  const { name, digest } = artifact;
  const bytes = await artifacts.read(artifact);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const beside = artifacts.records().find((record) => record.name === recordName(name));
  if (!beside) return [`${name} has no record`];
  const record = parseRecord(await artifacts.read(beside), { name, size: bytes.length });
  const isOfDatabase = isOpenRecord(record)
    ? !isSilent && [shop, large].some(({ contentDigest }) => record.content.digest === contentDigest)
    : isSilent;
  const isRight = record.file.sha256 === sha256 && isOfDatabase;
  return [
    ...(digest === `sha256:${sha256}` ? [] : [`what is stored as ${name} is not what was verified`]),
    ...(isRight ? [] : [`${name} does not contain the database`]),
  ];
}

/** A record is written last, and removed first. */
function brokenRecords({ artifacts }: FaultBed): string[] {
  const names = new Set(artifacts.artifacts().map(({ name }) => `${name}.json`));
  return artifacts
    .records()
    .filter(({ name }) => !names.has(name))
    .map(({ name }) => `${name} is the record of nothing`);
}

/** Processes that a killed main step leaves are ended by the post step. */
function leftProcesses(run: ActionRun, { outcome }: Expectation): string[] {
  return run.leftProcesses
    .filter(({ after }) => outcome !== 'killed' || after === 'post')
    .map(({ pid }) => `process ${pid} is still running after the job`);
}

function leftOnDisk({ leftFiles }: ActionRun): string[] {
  return leftFiles.map((file) => `${file} was left on the disk`);
}

async function leftSessions({ database }: FaultBed): Promise<string[]> {
  const until = Date.now() + SESSIONS_GONE_WITHIN_MS;
  for (;;) {
    const left = await database.sessions();
    if (left.length === 0) return [];
    if (Date.now() > until)
      return left.map(
        ({ application, query }) => `a session of ${application} was left: ${query.slice(0, 80)}`,
      );
    await pause(100);
  }
}
