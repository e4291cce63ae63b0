import { readFile } from 'node:fs/promises';
import { log } from '../runner/log.ts';
import { messageOf } from '../errors.ts';
import { type StartedBy, whyWithoutSecrets } from './fork-rules.ts';
import { fieldOf } from './json.ts';

/** The event that started the run, from the payload that the runner stores for every action. */
export interface WorkflowEvent {
  /** Whether anyone can see the repository and download its artifacts; undefined when the payload does not say. */
  readonly repositoryIsPublic: boolean | undefined;
  /** Why this run gets no secrets; undefined when it gets them. */
  readonly withoutSecrets: string | undefined;
}

/**
 * Reads the event's payload (`GITHUB_EVENT_PATH`). One that cannot be read is treated as empty.
 *
 * @param env the environment of the process.
 */
export async function readWorkflowEvent(env: NodeJS.ProcessEnv): Promise<WorkflowEvent> {
  const payload = await readPayload(env['GITHUB_EVENT_PATH']);
  return workflowEvent(payload, {
    name: env['GITHUB_EVENT_NAME'] ?? '',
    actor: env['GITHUB_ACTOR'] ?? '',
  });
}

/** Evaluates a payload. Pure. */
export function workflowEvent(payload: unknown, event: StartedBy): WorkflowEvent {
  const repository = fieldOf(payload, 'repository');
  return {
    repositoryIsPublic: isPublicRepository(repository),
    withoutSecrets: whyWithoutSecrets(payload, event),
  };
}

/**
 * Whether anyone can see a repository, from its description in a payload or in GitHub's API. If any part of it says so,
 * they can. An internal repository is visible to the members of its enterprise only.
 *
 * @returns undefined when that does not say.
 */
export function isPublicRepository(repository: unknown): boolean | undefined {
  const [visibility, isPrivate] = [fieldOf(repository, 'visibility'), fieldOf(repository, 'private')];
  if (isPrivate === false || visibility === 'public') return true;
  if (isPrivate === true || visibility === 'private' || visibility === 'internal') return false;
  return undefined;
}

async function readPayload(file: string | undefined): Promise<unknown> {
  if (file === undefined || file === '') return undefined;
  try {
    return JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    log.debug(`The event's payload cannot be read: ${messageOf(error)}`);
    return undefined;
  }
}
