import { UserError } from '../errors.ts';
import { readBackupFileName, recordName } from './backup-file-name.ts';
import {
  type BackupRecord,
  type RecordedContent,
  type RecordedEncryption,
  type RecordedExtension,
  type RecordedGeneratedValues,
  type RecordedOmission,
  LARGEST_RECORD_BYTES,
  RECORD_VERSION,
} from './record.ts';
import type { FileFacts } from './store.ts';

/** A field of a record that is not what it must be. */
class WrongField extends Error {}

/**
 * Reads a record. Whatever it does not understand it refuses; only fields that it does not know are ignored, as a later action may
 * write more of them.
 *
 * @param of the name and the size of the file that it is beside.
 * @throws UserError naming the field that is wrong, and nothing of its value.
 */
export function parseRecord(
  bytes: Uint8Array,
  of: { readonly name: string } & Pick<FileFacts, 'size'>,
): BackupRecord {
  try {
    if (bytes.length > LARGEST_RECORD_BYTES) throw new WrongField('it is too large');
    const record = readRecord(new Field('', parsed(bytes)));
    requireAgreement(record, of);
    return record;
  } catch (error) {
    if (!(error instanceof WrongField)) throw error;
    throw unusableRecord(of.name, error.message);
  }
}

/** The record of a file cannot be used. */
export function unusableRecord(fileName: string, reason: string): UserError {
  return new UserError(
    'storage',
    `The record ${recordName(fileName)} cannot be used: ${reason}.`,
    'It was changed, damaged, or written by a newer version of the action. Use another backup, or a newer version of the action.',
  );
}

function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch {
    throw new WrongField('it is not JSON');
  }
}

/** A value of a record, and where it stands: `content.tables[3].rows`. */
class Field {
  readonly #path: string;
  readonly #value: unknown;

  constructor(path: string, value: unknown) {
    this.#path = path;
    this.#value = value;
  }

  get isNull(): boolean {
    return this.#value === null;
  }

  get isAbsent(): boolean {
    return this.#value === undefined;
  }

  at(name: string): Field {
    const value = this.#value;
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw this.wrong('an object');
    const field: unknown = Object.getOwnPropertyDescriptor(value, name)?.value;
    return new Field(this.#path === '' ? name : `${this.#path}.${name}`, field);
  }

  list<T>(read: (item: Field) => T): T[] {
    const value = this.#value;
    if (!Array.isArray(value)) throw this.wrong('a list');
    return value.map((item, index) => read(new Field(`${this.#path}[${index}]`, item)));
  }

  text(): string {
    if (typeof this.#value !== 'string') throw this.wrong('a text');
    return this.#value;
  }

  matching(pattern: RegExp, what: string): string {
    const text = this.text();
    if (!pattern.test(text)) throw this.wrong(what);
    return text;
  }

  sha256(): string {
    return this.matching(/^[0-9a-f]{64}$/, '64 hex digits');
  }

  wholeNumber(): number {
    const value = this.#value;
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) {
      throw this.wrong('a whole number');
    }
    return value;
  }

  positive(): number {
    const value = this.#value;
    if (typeof value !== 'number' || !Number.isFinite(value) || value < 0)
      throw this.wrong('a number from 0 on');
    return value;
  }

  boolean(): boolean {
    if (typeof this.#value !== 'boolean') throw this.wrong('true or false');
    return this.#value;
  }

  wrong(what: string): WrongField {
    return new WrongField(`${this.#path === '' ? 'the record' : this.#path} must be ${what}`);
  }
}

function readRecord(record: Field): BackupRecord {
  const version = record.at('version');
  if (version.wholeNumber() !== RECORD_VERSION) throw version.wrong(String(RECORD_VERSION));
  const file = record.at('file');
  const madeBy = record.at('madeBy');
  const dumpSeconds = record.at('dumpSeconds');
  const facts = {
    version: RECORD_VERSION,
    backupName: record.at('backupName').text(),
    takenAt: record
      .at('takenAt')
      .matching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/, 'a time such as 2026-11-27T04:15:18Z'),
    ...(dumpSeconds.isAbsent ? {} : { dumpSeconds: dumpSeconds.positive() }),
    database: record.at('database').text(),
    serverVersion: record.at('serverVersion').text(),
    clientVersion: record.at('clientVersion').text(),
    compression: record.at('compression').text(),
    file: {
      name: file.at('name').text(),
      size: file.at('size').wholeNumber(),
      sha256: file.at('sha256').sha256(),
    },
    notIncluded: record.at('notIncluded').list(readOmission),
    madeBy: { repository: madeBy.at('repository').text(), run: madeBy.at('run').text() },
  };
  const encryption = readEncryption(record.at('encryption'));
  const [content, tag] = [record.at('content'), record.at('contentTag')];
  if (content.isAbsent) return { ...facts, encryption, contentTag: tag.sha256() };
  if (encryption) throw content.wrong('absent, because the backup is encrypted');
  if (!tag.isAbsent) throw tag.wrong('absent, because there is content');
  const [generated, extensions] = [record.at('generatedValues'), record.at('extensions')];
  return {
    ...{ ...facts, encryption, content: readContent(content) },
    ...(generated.isAbsent ? {} : { generatedValues: generated.list(readGeneratedValues) }),
    ...(extensions.isAbsent ? {} : { extensions: extensions.list(readExtension) }),
  };
}

function readEncryption(field: Field): RecordedEncryption | null {
  if (field.isNull) return null;
  const kind = field.at('kind');
  switch (kind.text()) {
    case 'age-passphrase':
      return { kind: 'age-passphrase' };
    case 'age-recipients':
      return {
        kind: 'age-recipients',
        recipients: field.at('recipients').list((recipient) => recipient.sha256()),
      };
    default:
      throw kind.wrong('"age-recipients" or "age-passphrase"');
  }
}

function readContent(content: Field): RecordedContent {
  const tables = content.at('tables').list((table) => ({
    name: table.at('name').text(),
    rows: table.at('rows').wholeNumber(),
    bytes: table.at('bytes').wholeNumber(),
    sha256: table.at('sha256').sha256(),
  }));
  const rows = content.at('rows');
  if (rows.wholeNumber() !== tables.reduce((sum, table) => sum + table.rows, 0)) {
    throw rows.wrong('the sum of the rows of the tables');
  }
  const objects = content.at('largeObjects');
  return {
    digest: content.at('digest').sha256(),
    rows: rows.wholeNumber(),
    tables,
    sequences: content.at('sequences').list((sequence) => ({
      name: sequence.at('name').text(),
      value: sequence.at('value').matching(/^-?\d{1,20}$/, 'a whole number as text'),
      called: sequence.at('called').boolean(),
    })),
    largeObjects: {
      count: objects.at('count').wholeNumber(),
      bytes: objects.at('bytes').wholeNumber(),
      sha256: objects.at('sha256').sha256(),
    },
    definitions: content.at('definitions').list((definition) => ({
      kind: definition.at('kind').text(),
      name: definition.at('name').text(),
      digest: definition.at('digest').sha256(),
    })),
  };
}

function readExtension(extension: Field): RecordedExtension {
  return { name: extension.at('name').text(), version: extension.at('version').text() };
}

function readGeneratedValues(table: Field): RecordedGeneratedValues {
  return {
    name: table.at('name').text(),
    columns: table.at('columns').list((column) => column.text()),
    sum: table.at('sum').matching(/^\d{1,20} -?\d{1,40}$/, 'two whole numbers as text'),
  };
}

function readOmission(omission: Field): RecordedOmission {
  return {
    what: omission.at('what').text(),
    names: omission.at('names').list((name) => name.text()),
    why: omission.at('why').text(),
  };
}

/** A record beside another file would tell what is not in it. */
function requireAgreement(record: BackupRecord, of: { readonly name: string; readonly size: number }): void {
  const named = readBackupFileName(record.file.name);
  if (record.file.name !== of.name) throw new WrongField('file.name must be the name of the file beside it');
  if (record.file.size !== of.size) throw new WrongField('file.size must be the size of the file beside it');
  if (named?.backupName !== record.backupName) throw new WrongField('backupName must be that in file.name');
  if (named.takenAt.getTime() !== Date.parse(record.takenAt)) {
    throw new WrongField('takenAt must be the time in file.name');
  }
  if (named.encrypted !== (record.encryption !== null)) {
    throw new WrongField('encryption must agree with the end of file.name');
  }
}
