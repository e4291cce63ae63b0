import { readFile } from 'node:fs/promises';
import { log } from '../runner/log.ts';
import { messageOf } from '../errors.ts';

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

const OF_PULL_REQUEST = /^pull_request(?:_review(?:_comment)?)?$/;
const OF_DEPENDABOT =
  /^(?:pull_request(?:_target|_review(?:_comment)?)?|push|create|deployment(?:_status)?)$/;

/** Evaluates a payload. Pure. */
export function workflowEvent(
  payload: unknown,
  { name, actor }: { readonly name: string; readonly actor: string },
): WorkflowEvent {
  const repository = at(payload, 'repository');
  return {
    repositoryIsPublic: isPublicRepository(repository),
    withoutSecrets: withoutSecrets(payload, name, actor),
  };
}

/**
 * Whether anyone can see a repository, from its description in a payload or in GitHub's API. If any part of it says so,
 * they can. An internal repository is visible to the members of its enterprise only.
 *
 * @returns undefined when that does not say.
 */
export function isPublicRepository(repository: unknown): boolean | undefined {
  const [visibility, isPrivate] = [at(repository, 'visibility'), at(repository, 'private')];
  if (isPrivate === false || visibility === 'public') return true;
  if (isPrivate === true || visibility === 'private' || visibility === 'internal') return false;
  return undefined;
}

/**
 * By GitHub's documentation ("Events that trigger workflows", "Troubleshooting Dependabot on GitHub Actions"). Runs of
 * `pull_request_target` and the like are in the repository itself, with its secrets.
 */
function withoutSecrets(payload: unknown, name: string, actor: string): string | undefined {
  if (actor === 'dependabot[bot]' && OF_DEPENDABOT.test(name)) {
    return 'this run was started by Dependabot, to which GitHub gives only the Dependabot secrets of the repository';
  }
  const head = at(at(payload, 'pull_request'), 'head');
  if (!OF_PULL_REQUEST.test(name) || head === undefined) return undefined;
  const fork = at(at(head, 'repo'), 'full_name');
  if (fork === at(at(payload, 'repository'), 'full_name')) return undefined;
  // The payload contains null for a fork that was deleted.
  const from = typeof fork === 'string' ? ` (${fork})` : '';
  return `this run is for a pull request from a fork${from}, and GitHub gives such runs no secrets`;
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

function at(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null
    ? Object.getOwnPropertyDescriptor(value, key)?.value
    : undefined;
}
