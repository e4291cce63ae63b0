import { fieldOf, isJsonObject } from './json.ts';

/** What started a run. */
export interface StartedBy {
  /** Of the event: `push`. */
  readonly name: string;
  /** Who caused it: `octocat`. */
  readonly actor: string;
}

/**
 * Whose code made an artifact. A pull request from a fork runs in the base repository, which lists its artifacts too:
 * whoever can open one can name an artifact like a backup. Where GitHub does not tell, it may be that of a fork that was
 * deleted since, so only `own` counts.
 */
export type Origin = 'own' | 'fork' | 'unknown';

const OF_PULL_REQUEST = /^pull_request(?:_review(?:_comment)?)?$/;
const OF_DEPENDABOT =
  /^(?:pull_request(?:_target|_review(?:_comment)?)?|push|create|deployment(?:_status)?)$/;

/**
 * Why GitHub gives a run no secrets; undefined when it does. Pure.
 *
 * By GitHub's documentation ("Events that trigger workflows", "Troubleshooting Dependabot on GitHub Actions"). Runs of
 * `pull_request_target` and the like are in the repository itself, with its secrets.
 */
export function whyWithoutSecrets(payload: unknown, { name, actor }: StartedBy): string | undefined {
  if (actor === 'dependabot[bot]' && OF_DEPENDABOT.test(name)) {
    return 'this run was started by Dependabot, to which GitHub gives only the Dependabot secrets of the repository';
  }
  const head = fieldOf(fieldOf(payload, 'pull_request'), 'head');
  if (!OF_PULL_REQUEST.test(name) || head === undefined) return undefined;
  const fork = fieldOf(fieldOf(head, 'repo'), 'full_name');
  if (fork === fieldOf(fieldOf(payload, 'repository'), 'full_name')) return undefined;
  // The payload contains null for a fork that was deleted.
  const from = typeof fork === 'string' ? ` (${fork})` : '';
  return `this run is for a pull request from a fork${from}, and GitHub gives such runs no secrets`;
}

/** Whose code a run was of, from its description in a list of artifacts. Pure. */
export function originOf(run: unknown): Origin {
  const { repository_id: repository, head_repository_id: head } = isJsonObject(run) ? run : {};
  if (typeof repository !== 'number' || typeof head !== 'number') return 'unknown';
  return head === repository ? 'own' : 'fork';
}
