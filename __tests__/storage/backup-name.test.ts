import { describe, expect, it } from '@jest/globals';
import { backupNameOf, checkedBackupName } from '../../src/storage/backup-name.ts';
import { errorText } from '../support/user-error.ts';

describe('backup-name', () => {
  it.each(['shop', 'shop-eu_1.2', 'läden', 'a b'])('can be %s', (name) => {
    expect(checkedBackupName('backup-name', name)).toBe(name);
  });

  it.each(['a/b', 'a\\b', 'a:b', 'a"b', 'a<b', 'a>b', 'a|b', 'a*b', 'a?b', 'a\nb', 'a\u007fb'])(
    'cannot be %j, and the error names the character',
    (name) => {
      const text = errorText(() => checkedBackupName('backup-name', name));
      expect(text).toContain('backup-name');
      expect(text).toContain(JSON.stringify(name.charAt(1)));
    },
  );

  it('cannot start with a dot or be too long for a file name', () => {
    expect(errorText(() => checkedBackupName('backup-name', '..'))).toContain('dot');
    expect(errorText(() => checkedBackupName('backup-name', 'é'.repeat(100)))).toContain('180 bytes');
  });

  it('cannot contain a workflow command', () => {
    expect(errorText(() => checkedBackupName('backup-name', 'a##[error]b'))).toContain('the runner');
  });

  it("is made from the database's name, whatever that contains", () => {
    expect(backupNameOf('a/b:c\n"d"')).toBe('a_b_c__d_');
    expect(backupNameOf('.hidden')).toBe('_hidden');
    expect(Buffer.byteLength(backupNameOf('🙂'.repeat(63)))).toBeLessThanOrEqual(180);
  });
});
