import { describe, expect, it } from '@jest/globals';
import { postgresVersion } from '../../src/tools/postgres-version.ts';
import { errorText } from '../support/user-error.ts';

describe('the postgres-version input', () => {
  it.each([13, 14, 15, 16, 17, 18])('accepts %d', (major) => {
    expect(postgresVersion('postgres-version', String(major))).toEqual({ kind: 'major', major });
  });

  it('accepts auto', () => {
    expect(postgresVersion('postgres-version', 'auto')).toEqual({ kind: 'auto' });
  });

  it.each(['', '12', '19', '17.2', '17 ', '0x11', 'Auto', 'latest', '017'])(
    'refuses %j, and says what is allowed',
    (value) => {
      const text = errorText(() => postgresVersion('postgres-version', value));
      expect(text).toContain(`postgres-version: ${JSON.stringify(value)} is not a major version`);
      expect(text).toContain('13, 14, 15, 16, 17, 18, or "postgres-version: auto"');
    },
  );
});
