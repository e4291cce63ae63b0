import { describe, expect, it } from '@jest/globals';
import { compression } from '../../src/backup/compression.ts';
import { errorText } from '../support/user-error.ts';

const read = (value: string, major = 17) => compression('compression', value, major);

describe('compression', () => {
  it.each(['zstd', 'zstd:3', 'zstd:22', 'gzip:9', 'lz4:12', 'lz4'])('accepts %s like pg_dump', (value) => {
    expect(read(value).spec).toBe(value);
  });

  it('passes on none as level 0, which every version supports', () => {
    expect(read('none')).toEqual({ method: 'none', name: 'none', spec: '0' });
  });

  it.each([
    'zip',
    'zstd:99',
    'zstd:0',
    'gzip:10',
    'zstd:3:4',
    'zstd:',
    'zstd:3,long',
    '',
    '9',
    'constructor',
  ])('refuses %j and says what is allowed', (value) => {
    const text = errorText(() => read(value));
    expect(text).toContain('compression');
    expect(text).toMatch(/Write .*(zstd|gzip|lz4)/);
  });

  it('writes gzip as a bare level for client tools before 16', () => {
    expect(read('gzip:6', 15)).toEqual({ method: 'gzip', name: 'gzip:6', spec: '6' });
    expect(read('gzip', 13).spec).toBe('6');
  });

  it('refuses zstd and lz4 for client tools before 16, and says what to write instead', () => {
    expect(errorText(() => read('zstd:3', 15))).toMatch(/needs PostgreSQL 16[\s\S]*gzip:6/);
    expect(errorText(() => read('lz4', 14))).toContain('postgres-version');
  });
});
