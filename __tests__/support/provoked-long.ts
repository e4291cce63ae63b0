import type { ProvokedRestore } from './provoked-restore.ts';

/** Statements that drop them are longer than what is kept of what a tool prints. */
const FUNCTIONS = `CREATE SCHEMA ${'s'.repeat(60)};
  DO $$ BEGIN FOR i IN 1..4000 LOOP
    EXECUTE format('CREATE FUNCTION ${'s'.repeat(60)}.%s() RETURNS int LANGUAGE sql AS ''SELECT 1''', 'f' || lpad(i::text, 60, '0'));
  END LOOP; END $$`;

/** What is too much for an error message. */
export const LONG_STATEMENTS: readonly ProvokedRestore[] = [
  {
    name: 'a view in the way of a table, in a statement of 500 kB',
    cause:
      /The table (?:public\.)?t cannot be replaced: the view (?:public\.)?v, which is not in the backup, depends on it/,
    hint: /CASCADE/,
    source: `CREATE TABLE t (id int); ${FUNCTIONS}`,
    target: `CREATE TABLE t (id int); CREATE VIEW v AS SELECT * FROM t; ${FUNCTIONS}`,
    clean: true,
  },
];
