import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { makeRecord } from '../../src/backup/make-record.ts';
import { parseRecord } from '../../src/storage/parse-record.ts';
import { type BackupRecord, LARGEST_RECORD_BYTES, serializeRecord } from '../../src/storage/record.ts';
import { isJsonObject } from '../../src/github/json.ts';
import { manifestOf } from '../../src/archive/content/manifest.ts';
import { REPOSITORY_ROOT } from '../support/node-program.ts';
import { openRecordFor, recordFor } from '../support/seeded-record.ts';
import { errorText } from '../support/user-error.ts';

const NAME = 'shop-20261121T034509Z-3f9c21aa.bak';
const CONTENT = Buffer.from('PGDMP');
const OF = { name: NAME, size: CONTENT.length };
const open = openRecordFor(NAME, CONTENT);
const silent = recordFor(`${NAME}.age`, CONTENT);

const parts = {
  backup: {
    backupName: 'shop',
    takenAt: new Date('2026-11-21T03:45:09.678Z'),
    random: '3f9c21aa',
    encrypted: false,
  },
  file: { size: CONTENT.length, sha256: 'a'.repeat(64) },
  dumpMs: 12_345,
  database: 'shop',
  serverVersion: '17.10',
  clientVersion: '17.11',
  compression: 'zstd:3',
  encryption: undefined,
  manifest: manifestOf(
    {
      tables: [
        {
          ...{ name: 'public."Order"', schema: 'public', table: 'Order', columns: 'id' },
          rows: 4,
          bytes: 8,
          sha256: 'b'.repeat(64),
          text: 'ascii',
        },
      ],
      sequences: [{ name: 'public.s', value: '-9223372036854775808', called: false }],
      largeObjects: { count: 0, bytes: 0, sha256: '0'.repeat(64) },
    },
    [{ kind: 'TABLE', name: 'public.Order', sha256: 'c'.repeat(64) }],
  ),
  notIncluded: [
    {
      what: 'tables',
      names: ['secret_table'],
      why: 'exclude-tables',
      level: 'info' as const,
      hint: 'Include it.',
    },
  ],
  generatedValues: [{ name: 'public."Order"', columns: ['secret_column'], sum: '4 -123' }],
  extensions: [{ name: 'secret_extension', version: '1.6' }],
  madeBy: { repository: 'example/shop', run: '7' },
  contentTag: undefined,
};
const made: Readonly<Record<string, BackupRecord>> = {
  'an open one': makeRecord(parts),
  'a public one': makeRecord({ ...parts, contentTag: 'd'.repeat(64) }),
  'one for recipients': makeRecord({
    ...parts,
    backup: { ...parts.backup, encrypted: true },
    encryption: { to: 'recipients', recipients: ['age1b', 'age1a'] },
    contentTag: 'd'.repeat(64),
  }),
  'one with a passphrase': makeRecord({
    ...parts,
    backup: { ...parts.backup, encrypted: true },
    encryption: { to: 'passphrase', passphrase: 'correct horse battery' },
    contentTag: 'd'.repeat(64),
  }),
};

describe('a record', () => {
  it.each(Object.entries(made))('comes back from its file as it was: %s', (_, record) => {
    expect(parseRecord(serializeRecord(record), record.file)).toEqual(record);
  });

  it.each(Object.entries(made))('is as the schema in the documentation says: %s', async (_, record) => {
    const schema: unknown = JSON.parse(
      await readFile(path.join(REPOSITORY_ROOT, 'docs/record.schema.json'), 'utf8'),
    );
    if (!isJsonObject(schema)) throw new Error('The schema is no object.');
    const validate = new Ajv2020({ strict: true, strictRequired: false }).compile(schema);
    validate(JSON.parse(serializeRecord(record).toString()));
    expect(validate.errors).toBeNull();
    expect(validate({ ...record, contentTag: undefined, content: undefined })).toBe(false);
  });

  it('tells nothing of the content when it is a silent one', () => {
    const text = serializeRecord(makeRecord({ ...parts, contentTag: 'd'.repeat(64) })).toString();
    expect(text).not.toMatch(/Order|secret_table|public\.|rows"|bbbb|cccc/);
    expect(text).toContain('exclude-tables');
  });

  it('of an encrypted backup cannot be an open one', () => {
    const encryption = { to: 'passphrase', passphrase: 'correct horse battery' } as const;
    expect(() => makeRecord({ ...parts, encryption })).toThrow('needs a tag');
  });

  it('has a line for each table, so that two can be compared', () => {
    const lines = serializeRecord(open).toString().split('\n');
    expect(lines.filter((line) => line.includes('"name":"public.')).length).toBe(4);
    expect(lines[1]).toBe('  "version": 1,');
  });

  it('may have fields of a later action, which are ignored', () => {
    const later = JSON.stringify({ ...open, somethingNew: 1 });
    expect(parseRecord(Buffer.from(later), OF)).toEqual(open);
  });
});

describe('a record that cannot be used', () => {
  const refusal = (record: unknown, of = OF): Promise<string> =>
    Promise.resolve(errorText(() => parseRecord(Buffer.from(JSON.stringify(record)), of)));
  const { content } = open;
  const [table] = content.tables;

  it.each([
    [[], 'the record must be an object'],
    [null, 'the record must be an object'],
    [{ ...open, version: 2 }, 'version must be 1'],
    [{ ...open, version: '1' }, 'version must be a whole number'],
    [{ ...open, takenAt: '2026-11-21' }, 'takenAt must be a time'],
    [{ ...open, takenAt: '2026-11-21T03:45:10Z' }, 'takenAt must be the time in file.name'],
    [{ ...open, backupName: 'blog' }, 'backupName must be that in file.name'],
    [{ ...open, database: undefined }, 'database must be a text'],
    [{ ...open, file: { ...open.file, sha256: 'A'.repeat(64) } }, 'file.sha256 must be 64 hex digits'],
    [{ ...open, file: { ...open.file, size: -1 } }, 'file.size must be a whole number'],
    [{ ...open, file: { ...open.file, size: 4 } }, 'file.size must be the size of the file'],
    [{ ...open, file: { ...open.file, name: 'x.bak' } }, 'file.name must be the name of the file'],
    [{ ...open, content: { ...content, rows: 2 } }, 'content.rows must be the sum'],
    [
      { ...open, content: { ...content, tables: [{ ...table, rows: 1.5 }] } },
      'content.tables[0].rows must be',
    ],
    [{ ...open, content: { ...content, tables: {} } }, 'content.tables must be a list'],
    [
      { ...open, content: { ...content, sequences: [{ name: 's', value: 1, called: true }] } },
      'content.sequences[0].value',
    ],
    [{ ...open, content: null }, 'content must be an object'],
    [{ ...open, content: undefined }, 'contentTag must be a text'],
    [{ ...open, contentTag: 'd'.repeat(64) }, 'contentTag must be absent'],
    [{ ...open, encryption: { kind: 'rot13' } }, 'encryption.kind must be'],
    [
      { ...open, encryption: { kind: 'age-passphrase' } },
      'content must be absent, because the backup is encrypted',
    ],
    [{ ...recordFor(NAME, CONTENT), encryption: { kind: 'age-passphrase' } }, 'encryption must agree'],
    [{ ...open, notIncluded: ['x'] }, 'notIncluded[0] must be an object'],
    [{ ...open, madeBy: {} }, 'madeBy.repository must be a text'],
  ])('is told with the field that is wrong: %j', async (record, text) => {
    const message = await refusal(record);
    expect(message).toContain(`The record ${NAME}.json cannot be used: `);
    expect(message).toContain(text);
  });

  it('is one that is no JSON, no UTF-8, or too large', () => {
    for (const bytes of [Buffer.from('{'), Buffer.from([0x22, 0xff, 0x22])]) {
      expect(errorText(() => parseRecord(bytes, OF))).toContain('it is not JSON');
    }
    expect(errorText(() => parseRecord(Buffer.alloc(LARGEST_RECORD_BYTES + 1), OF))).toContain(
      'it is too large',
    );
  });

  it('is one of an encrypted backup beside a plain file', async () => {
    expect(await refusal(silent)).toContain('file.name must be');
  });
});
