import { describe, expect, it } from '@jest/globals';
import { restoreCommand } from '../../../src/backup/summary/restore-command.ts';
import type { Relation } from '../../../src/postgres/preflight.ts';

const relation = (schema: string, name: string): Relation => ({
  ...{
    schema,
    name,
    kind: 'table',
    bytes: 0,
    visible: true,
    ownedBy: undefined,
    parents: [],
    unreadable: undefined,
  },
});
const FILTERS = { schemas: [], excludeSchemas: [], tables: [], excludeTables: [], excludeTableData: [] };
const PUBLIC = [{ kind: 'SCHEMA', name: 'public', sha256: '' }];

const commandFor = (
  filters: Partial<Record<keyof typeof FILTERS, readonly string[]>>,
  { major = 17, toolsMajor = 17, silent = false } = {},
) =>
  restoreCommand({
    server: { major, relations: [relation('app', 'a'), relation('app', 'b'), relation('public', 'c')] },
    ...{ toolsMajor, silent, filters: { ...FILTERS, ...filters }, definitions: PUBLIC },
  });

describe('the command that restores a backup', () => {
  it.each([
    [16, 17, true],
    [13, 18, true],
    [17, 17, false],
    [16, 16, false],
  ])('into PostgreSQL %i with tools of %i goes through psql: %s', (major, toolsMajor, throughPsql) => {
    expect(commandFor({}, { major, toolsMajor })).toMatchObject({ throughPsql });
  });

  it('leaves the schema public out where the backup has it because a filter names it', () => {
    expect(commandFor({ schemas: ['public'] }).createsPublic).toBe(true);
    expect(commandFor({}).createsPublic).toBe(false);
  });

  it('needs the schemas of tables that were named, and tells nobody who may not know', () => {
    expect(commandFor({ tables: ['*.*'] }).schemasNeeded).toEqual(['app']);
    expect(commandFor({ tables: ['*.*'] }, { silent: true }).schemasNeeded).toBeUndefined();
    expect(commandFor({ tables: ['public.c'] }, { silent: true }).schemasNeeded).toEqual([]);
    expect(commandFor({ schemas: ['app'] }).schemasNeeded).toEqual([]);
  });
});
