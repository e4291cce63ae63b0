import {
  type FailureBench,
  type ProvokedFailure,
  connectionTo,
  newDatabase,
  newRole,
} from './failure-bench.ts';

/** A dump by a role of its own of a database in which a script has run. */
async function dumpAsStranger(
  { plain, pgDump }: FailureBench,
  name: string,
  script: string,
  ...words: string[]
): Promise<string> {
  const role = await newRole(plain, `${name}_reader`);
  await newDatabase(plain, name, script.replaceAll('READER', `${name}_reader`));
  return pgDump({ ...role, PGDATABASE: name }, ...words);
}

/** What the role may not read. */
export const RIGHTS_FAILURES: readonly ProvokedFailure[] = [
  {
    name: 'a table that the role may not read',
    cause: /lacks the privilege to read the table secrets/,
    hint: /pg_read_all_data/,
    provoke: (bench) => dumpAsStranger(bench, 'no_table', 'CREATE TABLE secrets (id int)'),
  },
  {
    name: 'a column that the role may not read',
    cause: /lacks the privilege to read the table half/,
    provoke: ({ plain, psql }) =>
      newRole(plain, 'half_reader').then(async (role) => {
        await newDatabase(
          plain,
          'half',
          'CREATE TABLE half (a int, b int); GRANT SELECT (a) ON half TO half_reader',
        );
        return psql({ ...role, PGDATABASE: 'half' }, 'COPY half (a, b) TO STDOUT');
      }),
  },
  {
    name: 'a sequence that the role may not read',
    cause: /lacks the privilege to read the sequence numbers/,
    provoke: (bench) => dumpAsStranger(bench, 'no_sequence', 'CREATE SEQUENCE numbers'),
  },
  {
    name: 'a schema that the role may not use',
    cause: /lacks the privilege to read the schema vault/,
    provoke: (bench) =>
      dumpAsStranger(
        bench,
        'no_schema',
        'CREATE SCHEMA vault; CREATE TABLE vault.t (id int); GRANT SELECT ON vault.t TO READER',
      ),
  },
  {
    name: 'a large object that the role may not read',
    cause: /lacks the privilege to read the large object 4711/,
    provoke: (bench) => dumpAsStranger(bench, 'no_object', `SELECT lo_from_bytea(4711, 'x')`),
  },
  {
    name: 'a view that the role may not read',
    cause: /lacks the privilege to read the view glance/,
    provoke: async ({ plain, psql }) => {
      const role = await newRole(plain, 'view_reader');
      await newDatabase(plain, 'no_view', 'CREATE VIEW glance AS SELECT 1');
      return psql({ ...role, PGDATABASE: 'no_view' }, 'SELECT * FROM glance');
    },
  },
  {
    name: 'a function that the role may not call',
    cause: /lacks the privilege to use the function sizes/,
    provoke: async ({ plain, psql }) => {
      const role = await newRole(plain, 'caller');
      await newDatabase(
        plain,
        'no_function',
        'CREATE FUNCTION sizes() RETURNS int RETURN 1; REVOKE ALL ON FUNCTION sizes FROM PUBLIC',
      );
      return psql({ ...role, PGDATABASE: 'no_function' }, 'SELECT sizes()');
    },
  },
  {
    name: 'the rows of a foreign table, for which the role has no user mapping',
    cause: /no user mapping .*"far"/,
    provoke: (bench) => dumpAsStranger(bench, 'foreign_rows', FOREIGN_TABLE, '--include-foreign-data=far'),
  },
  {
    name: 'the rows of a foreign table whose server does not answer',
    cause: /foreign server .*"far"/,
    provoke: async ({ plain, pgDump }) => {
      const mapping = `CREATE USER MAPPING FOR postgres SERVER far OPTIONS (user 'a', password 'b')`;
      return pgDump(
        await newDatabase(plain, 'foreign_away', `${FOREIGN_TABLE}; ${mapping}`),
        '--include-foreign-data=far',
      );
    },
  },
  {
    name: 'rows that row-level security hides',
    cause: /Row-level security hides rows of the table "notes"/,
    hint: /BYPASSRLS[^]*pg-dump-args: --enable-row-security/,
    provoke: (bench) =>
      dumpAsStranger(
        bench,
        'hidden_rows',
        'CREATE TABLE notes (id int); ALTER TABLE notes ENABLE ROW LEVEL SECURITY; GRANT SELECT ON notes TO READER',
      ),
  },
  {
    name: 'a role that pg_dump cannot become',
    cause: /lacks the privilege to SET ROLE "postgres"/,
    hint: /--role/,
    provoke: (bench) => dumpAsStranger(bench, 'no_change', '', '--role=postgres'),
  },
  {
    name: 'a role for pg_dump that does not exist',
    cause: /The role "nobody at all", which --role sets, does not exist/,
    hint: /--role/,
    provoke: ({ plain, pgDump }) => pgDump(connectionTo(plain), '--role=nobody at all'),
  },
];

const FOREIGN_TABLE = `
CREATE EXTENSION postgres_fdw;
CREATE SERVER far FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '127.0.0.1', port '1');
CREATE FOREIGN TABLE distant (id int) SERVER far;
GRANT SELECT ON distant TO PUBLIC`;
