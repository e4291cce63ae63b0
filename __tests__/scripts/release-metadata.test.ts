import { describe, expect, it } from '@jest/globals';
import { repositoryOf, withOwner } from '../../scripts/docs/owner.ts';
import { type ReleaseFiles, metadataFaults } from '../../scripts/release-metadata.ts';

const action = {
  name: 'Postgres Backup',
  description: 'Backs up',
  author: 'us',
  branding: { icon: 'database', color: 'blue' },
};
const files = (changed: Partial<ReleaseFiles> = {}): ReleaseFiles => ({
  manifest: { version: '1.2.3', description: 'Backs up' },
  changelog: '# Changelog\n\n## [Unreleased]\n\n## [1.2.3] - 2026-12-01\n\n## [1.2.2] - 2026-11-01\n',
  actions: { 'action.yml': action },
  documents: {
    'README.md':
      '[![CI](https://github.com/me/postgres-backup-action/actions/workflows/ci.yml/badge.svg)](x)\n- uses: me/postgres-backup-action/check@v1\n',
  },
  workflows: ['ci.yml'],
  ...changed,
});

describe('the metadata of a release', () => {
  it('agree', () => {
    expect(metadataFaults(files())).toEqual([]);
  });

  it.each<[string, Partial<ReleaseFiles>, string]>([
    [
      'another version',
      { manifest: { version: '1.3.0', description: 'Backs up' } },
      'has the version 1.3.0, and',
    ],
    [
      'another major version',
      { documents: { 'a.md': 'uses: me/postgres-backup-action@v2' } },
      'not of the version',
    ],
    [
      'another description',
      { manifest: { version: '1.2.3', description: 'Else' } },
      'descriptions in package.json',
    ],
    [
      'a long description',
      { actions: { 'action.yml': { ...action, description: 'x'.repeat(126) } } },
      '126 characters',
    ],
    [
      'no author',
      { actions: { 'action.yml': action, 'a/action.yml': { ...action, author: '' } } },
      'a/action.yml has no author',
    ],
    [
      'a color that is none',
      { actions: { 'action.yml': { ...action, branding: { icon: 'x', color: 'pink' } } } },
      'branding needs',
    ],
    ['a badge of no workflow', { workflows: ['test.yml'] }, 'the workflow ci.yml, which does not exist'],
  ])('are reported with %s', (_, changed, fault) => {
    expect(metadataFaults(files(changed)).join()).toContain(fault);
  });
});

describe('the owner of the repository', () => {
  it('is written wherever the repository is named, and nowhere else', () => {
    const text =
      'uses: OWNER/postgres-backup-action/restore@v1, https://github.com/OWNER/postgres-backup-action/blob/main, repo:OWNER/REPOSITORY, ./postgres-backup-action, a/postgres-backup-action-2';
    expect(withOwner(text, 'acme/postgres-backup-action')).toBe(
      'uses: acme/postgres-backup-action/restore@v1, https://github.com/acme/postgres-backup-action/blob/main, repo:OWNER/REPOSITORY, ./postgres-backup-action, a/postgres-backup-action-2',
    );
  });

  it('is read from package.json', () => {
    expect(repositoryOf({ repository: 'github:acme/postgres-backup-action' })).toBe(
      'acme/postgres-backup-action',
    );
    expect(() => repositoryOf({ repository: 'https://github.com/acme/x' })).toThrow(
      '"repository": "github:OWNER',
    );
  });
});
