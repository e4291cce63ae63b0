import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { isJsonObject } from '../support/artifact-service-http.ts';
import { REPOSITORY_ROOT } from '../support/node-program.ts';

/** The script of the step of that name. */
function scriptOf(job: string, name: string): string {
  const file = readFileSync(path.join(REPOSITORY_ROOT, '.github/workflows/release.yml'), 'utf8');
  const workflow: unknown = parse(file);
  const jobs = isJsonObject(workflow) && isJsonObject(workflow['jobs']) ? workflow['jobs'] : {};
  const steps = isJsonObject(jobs[job]) ? jobs[job]['steps'] : [];
  const step = Array.isArray(steps)
    ? steps.filter(isJsonObject).find((each) => each['name'] === name)
    : undefined;
  return String(step?.['run']);
}

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'release-'));
  // Stands for GitHub's program: it writes down what it was told.
  writeFileSync(path.join(folder, 'gh'), '#!/bin/sh\necho "$@" >>"$OUT"\n');
  chmodSync(path.join(folder, 'gh'), 0o755);
  const git = (...args: string[]): unknown => execFileSync('git', args, { cwd: folder, stdio: 'pipe' });
  git('init', '--quiet');
  git(
    '-c',
    'user.name=a',
    '-c',
    'user.email=a@example.com',
    'commit',
    '--quiet',
    '--allow-empty',
    '--message=a',
  );
  for (const tag of ['v1.9.0', 'v1.10.0', 'v1.11.0-rc.1', 'v2.0.0']) git('tag', tag);
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** What the step told GitHub's program. */
function told(script: string, TAG: string): string {
  const out = path.join(folder, 'out');
  rmSync(out, { force: true });
  const env = {
    ...{ PATH: `${folder}:${process.env['PATH'] ?? ''}`, OUT: out, TAG, RUNNER_TEMP: folder },
    ...{ GITHUB_SHA: 'c0ffee', GITHUB_REPOSITORY: 'me/it' },
  };
  execFileSync('bash', ['--norc', '-e', '-o', 'pipefail', '-c', script], { cwd: folder, env, stdio: 'pipe' });
  return existsSync(out) ? readFileSync(out, 'utf8') : '';
}

describe('a release', () => {
  const moves = scriptOf(
    'release',
    'Move the major tag, unless this is a pre-release or a patch of an older version',
  );

  it.each(['v1.10.1', 'v1.11.0', 'v2.0.1', 'v3.0.0'])('of %s moves the major tag to its commit', (tag) => {
    expect(told(moves, tag)).toBe(
      `api --method PATCH repos/me/it/git/refs/tags/${tag.slice(0, 2)} -f sha=c0ffee -F force=true\n`,
    );
  });

  it.each(['v1.9.1', 'v1.11.0-rc.2', 'v3.0.0-rc.1'])('of %s does not move it', (tag) => {
    expect(told(moves, tag)).toBe('');
  });

  it.each([
    ['v1.11.0', '--prerelease=false'],
    ['v1.11.0-rc.2', '--prerelease'],
  ])('of %s makes the tag at its commit, with %s', (tag, kind) => {
    expect(told(scriptOf('release', 'Create the tag and the release'), tag)).toBe(
      `release create ${tag} --target c0ffee ${kind} --title ${tag} --notes-file ${folder}/notes.md\n`,
    );
  });
});
