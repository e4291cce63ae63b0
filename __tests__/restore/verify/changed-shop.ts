/** A database with an owner, privileges and definitions of many kinds; it needs the roles boss, app and reader. */
export const SHOP = `
  CREATE SCHEMA shop AUTHORIZATION boss; GRANT USAGE ON SCHEMA shop TO app;
  CREATE DOMAIN shop.price AS numeric DEFAULT 1 CHECK (VALUE > 0);
  CREATE TABLE shop.orders (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, note text NOT NULL DEFAULT '', price shop.price) WITH (fillfactor = 70);
  CREATE INDEX notes_of_orders ON shop.orders (note); COMMENT ON COLUMN shop.orders.note IS 'What was said';
  CREATE TABLE shop.lines (id int REFERENCES shop.orders); ALTER TABLE shop.orders OWNER TO boss;
  CREATE FUNCTION shop.closed() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'; ALTER FUNCTION shop.closed() OWNER TO boss;
  REVOKE ALL ON FUNCTION shop.closed() FROM PUBLIC; GRANT EXECUTE ON FUNCTION shop.closed() TO app;
  CREATE FUNCTION shop.watches() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
  CREATE TRIGGER watching BEFORE INSERT ON shop.lines FOR EACH ROW EXECUTE FUNCTION shop.watches();
  ALTER TABLE shop.lines ENABLE ROW LEVEL SECURITY; CREATE POLICY own ON shop.lines USING (id > 0);
  CREATE VIEW shop.notes AS SELECT note FROM shop.orders;
  GRANT SELECT, UPDATE (note) ON shop.orders TO app WITH GRANT OPTION; GRANT INSERT ON shop.orders TO reader;
  SET ROLE app; GRANT SELECT ON shop.orders TO reader; RESET ROLE;
  REVOKE ALL ON shop.lines FROM postgres; GRANT SELECT ON shop.lines TO postgres;
  ALTER DEFAULT PRIVILEGES FOR ROLE boss IN SCHEMA shop GRANT SELECT ON TABLES TO app;
  ALTER DEFAULT PRIVILEGES FOR ROLE boss REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
  SELECT lo_from_bytea(77, 'x'), lo_from_bytea(78, 'y'); ALTER LARGE OBJECT 77 OWNER TO boss; GRANT SELECT ON LARGE OBJECT 77 TO app;
  CREATE FOREIGN DATA WRAPPER wrapper; CREATE SERVER far FOREIGN DATA WRAPPER wrapper; GRANT USAGE ON FOREIGN SERVER far TO app;
  GRANT EXECUTE ON FUNCTION pg_catalog.pg_read_file(text) TO app; GRANT CREATE ON SCHEMA public TO app;
  REVOKE USAGE ON TYPE shop.price FROM PUBLIC;
`;

/** What PostgreSQL writes in other words once it has been restored: lists of values of a varchar, wherever an expression stands. */
export const REWRITTEN = `
  CREATE DOMAIN code AS varchar(5) CHECK (VALUE IN ('a', 'b'));
  CREATE TABLE t (id int, s varchar(10) CHECK (s IN ('a', 'b')), c char(3) CHECK (c NOT IN ('x', 'y')), since timestamptz DEFAULT '2020-01-01 00:00+00');
  CREATE INDEX lower_s ON t (lower(s)) WHERE s IN ('a', 'b'); ALTER TABLE t ADD EXCLUDE (id WITH =) WHERE (s IN ('a', 'b'));
  CREATE VIEW v AS SELECT * FROM t WHERE s IN ('a', 'b') OR coalesce(s, 'z') IN ('q', 'r');
  CREATE MATERIALIZED VIEW m AS SELECT s FROM t WHERE s IN ('a', 'b');
  ALTER TABLE t ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON t USING (s IN ('a', 'b'));
  CREATE FUNCTION on_update() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
  CREATE TRIGGER updates BEFORE UPDATE ON t FOR EACH ROW WHEN (NEW.s IN ('a', 'b')) EXECUTE FUNCTION on_update();
  CREATE RULE kept AS ON DELETE TO t WHERE OLD.s IN ('a', 'b') DO INSTEAD NOTHING;
  CREATE FUNCTION atomic(varchar) RETURNS boolean LANGUAGE sql BEGIN ATOMIC SELECT $1 IN ('a', 'b'); END;
  CREATE TABLE parent (a int, b int); CREATE TABLE child (b int, c int) INHERITS (parent);
`;

/** What somebody changes while the database is restored, and how the verification names it. */
export const CHANGES: readonly (readonly [what: string, sql: string, difference: string])[] = [
  [
    "a table's owner",
    'ALTER TABLE shop.lines OWNER TO app',
    'the table shop.lines belongs to app instead of postgres',
  ],
  [
    "a function's owner",
    'ALTER FUNCTION shop.closed() OWNER TO postgres',
    'the function shop.closed() belongs to postgres instead of boss',
  ],
  [
    "a domain's owner",
    'ALTER DOMAIN shop.price OWNER TO app',
    'the domain shop.price belongs to app instead of postgres',
  ],
  [
    "a schema's owner",
    'ALTER SCHEMA shop OWNER TO postgres',
    'the schema shop belongs to postgres instead of boss',
  ],
  [
    "a large object's owner",
    'ALTER LARGE OBJECT 78 OWNER TO boss',
    'large object 78 belongs to boss instead of postgres',
  ],
  [
    'a grant too many',
    'GRANT DELETE ON shop.orders TO PUBLIC',
    'the privileges on table shop.orders differ (PUBLIC has DELETE)',
  ],
  [
    'a grant on what had none',
    'GRANT SELECT ON shop.notes TO reader',
    'the privileges on table shop.notes differ (reader has SELECT)',
  ],
  [
    'a lost grant',
    'REVOKE INSERT ON shop.orders FROM reader',
    'the privileges on table shop.orders differ (reader lacks INSERT)',
  ],
  [
    'a lost grant by another than the owner',
    'SET ROLE app; REVOKE SELECT ON shop.orders FROM reader; RESET ROLE',
    'the privileges on table shop.orders differ (reader lacks SELECT)',
  ],
  [
    'a lost grant option',
    'SET ROLE boss; REVOKE GRANT OPTION FOR UPDATE (note) ON shop.orders FROM app; RESET ROLE',
    'the privileges on column shop.orders.note differ (app cannot grant UPDATE)',
  ],
  [
    'a grant on a column',
    'GRANT SELECT (id) ON shop.orders TO reader',
    'the privileges on column shop.orders.id differ (reader has SELECT)',
  ],
  [
    'rights that the owner did not have',
    'GRANT ALL ON shop.lines TO postgres',
    'the privileges on table shop.lines differ (the owner has INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER, MAINTAIN)',
  ],
  [
    'a function that PUBLIC may execute',
    'GRANT EXECUTE ON FUNCTION shop.closed() TO PUBLIC',
    'the privileges on function shop.closed() differ (PUBLIC has EXECUTE)',
  ],
  [
    'a function that PUBLIC may not execute any more',
    'REVOKE EXECUTE ON FUNCTION shop.watches() FROM PUBLIC',
    'the privileges on function shop.watches() differ (PUBLIC lacks EXECUTE)',
  ],
  [
    'the type of a column',
    'GRANT USAGE ON TYPE shop.price TO PUBLIC',
    'the privileges on type shop.price differ (PUBLIC has USAGE)',
  ],
  [
    'a lost grant on a schema',
    'REVOKE USAGE ON SCHEMA shop FROM app',
    'the privileges on schema shop differ (app lacks USAGE)',
  ],
  [
    'a lost grant on a schema that every database has',
    'REVOKE CREATE ON SCHEMA public FROM app',
    'the privileges on schema public differ (app lacks CREATE)',
  ],
  [
    'a lost grant on a function of the system',
    'REVOKE EXECUTE ON FUNCTION pg_catalog.pg_read_file(text) FROM app',
    'the privileges on function pg_catalog.pg_read_file(text) differ (app lacks EXECUTE)',
  ],
  [
    'a lost grant on a foreign server',
    'REVOKE USAGE ON FOREIGN SERVER far FROM app',
    'the privileges on foreign server far differ (app lacks USAGE)',
  ],
  [
    'default privileges in a schema',
    'ALTER DEFAULT PRIVILEGES FOR ROLE boss IN SCHEMA shop REVOKE SELECT ON TABLES FROM app',
    'the default privileges of boss for tables in shop differ (app lacks SELECT)',
  ],
  [
    'default privileges everywhere',
    'ALTER DEFAULT PRIVILEGES FOR ROLE boss GRANT EXECUTE ON FUNCTIONS TO PUBLIC',
    'the default privileges of boss for functions differ (PUBLIC has EXECUTE)',
  ],
  [
    'a grant on a large object',
    'GRANT UPDATE ON LARGE OBJECT 78 TO reader',
    'the privileges on large object 78 differ (reader has UPDATE)',
  ],
  [
    'a lost grant on a large object',
    'REVOKE SELECT ON LARGE OBJECT 77 FROM app',
    'the privileges on large object 77 differ (app lacks SELECT)',
  ],
  ['a lost index', 'DROP INDEX shop.notes_of_orders', 'the index shop.notes_of_orders is missing'],
  [
    'a lost foreign key',
    'ALTER TABLE shop.lines DROP CONSTRAINT lines_id_fkey',
    'the foreign key shop.lines lines_id_fkey is missing',
  ],
  [
    'another default',
    `ALTER TABLE shop.orders ALTER COLUMN note SET DEFAULT 'secret value'`,
    'the table shop.orders has another definition',
  ],
  [
    'a column that may be NULL',
    'ALTER TABLE shop.orders ALTER COLUMN note DROP NOT NULL',
    'the table shop.orders has another definition',
  ],
  [
    'storage parameters',
    'ALTER TABLE shop.orders SET (fillfactor = 80)',
    'the table shop.orders has another definition',
  ],
  [
    'another body of a function',
    `CREATE OR REPLACE FUNCTION shop.closed() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 2'`,
    'the function shop.closed() has another definition',
  ],
  [
    'another query of a view',
    `CREATE OR REPLACE VIEW shop.notes AS SELECT note || '!' AS note FROM shop.orders`,
    'the view shop.notes has another definition',
  ],
  [
    'a disabled trigger',
    'ALTER TABLE shop.lines DISABLE TRIGGER watching',
    'the trigger shop.lines watching has another definition',
  ],
  [
    'row-level security that is off',
    'ALTER TABLE shop.lines DISABLE ROW LEVEL SECURITY',
    'the row security shop.lines is missing',
  ],
  [
    'another policy',
    'ALTER POLICY own ON shop.lines USING (true)',
    'the policy shop.lines own has another definition',
  ],
  [
    'another comment',
    `COMMENT ON COLUMN shop.orders.note IS 'secret value'`,
    'the comment on COLUMN orders.note in shop has another definition',
  ],
  [
    'a trigger too many',
    'CREATE TRIGGER listening AFTER INSERT ON shop.orders FOR EACH ROW EXECUTE FUNCTION shop.watches()',
    'the trigger shop.orders listening is not in the backup',
  ],
  [
    'a policy too many',
    'CREATE POLICY everyone ON shop.lines USING (true)',
    'the policy shop.lines everyone is not in the backup',
  ],
];
