import { describe, expect, it } from '@jest/globals';
import { releaseNotes } from '../../scripts/release-notes.ts';

const CHANGELOG = `# Changelog

## [Unreleased]

## [1.1.0] - 2026-12-03

### Added

- More.

## [1.0.0] - unreleased

- All.

## [0.9.0] - 2026-10-01
`;

describe('the notes of a release', () => {
  it('are the section of its version in the changelog', () => {
    expect(releaseNotes('v1.1.0', CHANGELOG, '1.1.0')).toBe('### Added\n\n- More.\n');
  });

  it('need a date', () => {
    expect(() => releaseNotes('v1.0.0', CHANGELOG, '1.0.0')).toThrow(
      'CHANGELOG.md has no date for 1.0.0, but "unreleased".',
    );
  });

  it.each(['1.2.0', '0.9.0'])('need a section with text for %s', (version) => {
    expect(() => releaseNotes(`v${version}`, CHANGELOG, version)).toThrow(`says nothing of ${version}`);
  });

  it('need the version of package.json', () => {
    expect(() => releaseNotes('v1.1.0', CHANGELOG, '1.0.0')).toThrow('package.json has the version 1.0.0');
  });
});
