import type { TocEntry } from '../../../src/archive/toc/table-of-contents.ts';

/** An entry of a table of contents that says nothing, but for what is given. */
export function tocEntry(changes: Partial<TocEntry> = {}): TocEntry {
  return {
    dumpId: 1,
    catalogOid: 0,
    oid: 0,
    tag: '',
    kind: '',
    section: 'none',
    definition: '',
    dropStatement: '',
    copyStatement: '',
    schema: '',
    tablespace: '',
    accessMethod: '',
    owner: '',
    dependencies: [],
    hasData: false,
    position: undefined,
    contents: undefined,
    sha256: '',
    ...changes,
  };
}
