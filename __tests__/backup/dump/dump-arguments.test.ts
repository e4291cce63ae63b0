import { describe, expect, it } from '@jest/globals';
import { dumpArguments } from '../../../src/backup/dump/dump-arguments.ts';

describe('the arguments of pg_dump', () => {
  const filters = { schemas: [], excludeSchemas: [], tables: [], excludeTables: [], excludeTableData: [] };
  const args = (extra: string[] = []) =>
    dumpArguments({ compression: 'zstd:3', filters, extra, toolsMajor: 17 });

  it('request the given compression, without a prompt', () => {
    expect(args()).toEqual(expect.arrayContaining(['--compress=zstd:3', '--no-password']));
  });

  it('leave out the schemas of the system, which a pattern for schemas could match', () => {
    const system = ['--exclude-schema=pg_*', '--exclude-schema=information_schema'];
    const all = dumpArguments({
      ...{ compression: '0', extra: [], toolsMajor: 17 },
      filters: { ...filters, schemas: ['*'] },
    });
    expect(all).toEqual(expect.arrayContaining(system));
    expect(args()).not.toEqual(expect.arrayContaining(system));
  });

  it.each([
    [15, ''],
    [16, '-and-children'],
  ])(
    'of %s contain each filter as one argument, so that no pattern can become an option',
    (toolsMajor, children) => {
      const all = dumpArguments({
        compression: '0',
        filters: {
          schemas: ['-x'],
          excludeSchemas: ['b'],
          tables: ['c d'],
          excludeTables: ['e'],
          excludeTableData: ['f'],
        },
        extra: [],
        toolsMajor,
      });
      expect(all).toEqual(
        expect.arrayContaining([
          '--schema=-x',
          '--exclude-schema=b',
          `--table${children}=c d`,
          `--exclude-table${children}=e`,
          `--exclude-table-data${children}=f`,
        ]),
      );
    },
  );

  it('limit the wait for locks, unless the user sets another limit', () => {
    expect(args()).toContain('--lock-wait-timeout=120s');
    expect(args(['--lock-wait-timeout=1h']).at(-1)).toBe('--lock-wait-timeout=1h');
  });
});
