/** Roles that the objects belong to or that have privileges on them; a server restored to lacks them. */
export const DIFFICULT_ROLES = ['difficult_owner', 'difficult_reader', 'Odd role; "quoted" é'] as const;

/** Owners, privileges, default privileges and row-level security, all of them naming {@link DIFFICULT_ROLES}. */
export const ACCESS = `
CREATE TABLE app.secrets (id integer PRIMARY KEY, owner name DEFAULT current_user, team text, content text);
INSERT INTO app.secrets VALUES (1, 'difficult_reader', 'a', 'one'), (2, 'nobody', 'b', 'two');
ALTER TABLE app.secrets ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON app.secrets USING (owner = current_user) WITH CHECK (team = 'a');
CREATE POLICY "reader's; ""policy""" ON app.secrets AS RESTRICTIVE FOR SELECT TO difficult_reader, "Odd role; ""quoted"" é"
  USING (EXISTS (SELECT FROM app.customers c WHERE c.id > secrets.id));
CREATE POLICY for_all_roles ON app.secrets FOR INSERT TO PUBLIC WITH CHECK (id > 0);
COMMENT ON POLICY own_rows ON app.secrets IS 'Only the own';
CREATE TABLE app.locked (id integer);
INSERT INTO app.locked VALUES (1), (2);
ALTER TABLE app.locked ENABLE ROW LEVEL SECURITY;
CREATE TABLE app.policy_without_effect (id integer);
CREATE POLICY sleeping ON app.policy_without_effect FOR DELETE TO difficult_owner USING (false);

GRANT USAGE ON SCHEMA app, "Odd ""schema""; ☃" TO difficult_reader WITH GRANT OPTION;
GRANT SELECT, UPDATE (note) ON app.empty_table TO difficult_reader;
GRANT ALL ON public."Straße ""quoted"" 😀
second line; -- \\." TO "Odd role; ""quoted"" é";
GRANT SELECT ON app.happy, app.counted TO PUBLIC;
GRANT SELECT (id, name), INSERT (name) ON app.customers TO "Odd role; ""quoted"" é" WITH GRANT OPTION;
GRANT USAGE, SELECT ON SEQUENCE app.falling TO difficult_reader;
GRANT EXECUTE ON FUNCTION app.guarded() TO difficult_reader;
REVOKE EXECUTE ON FUNCTION app.guarded() FROM PUBLIC;
GRANT EXECUTE ON PROCEDURE app.move_stock(integer) TO difficult_owner;
GRANT USAGE ON TYPE types.mood TO difficult_reader;
REVOKE USAGE ON TYPE app.positive FROM PUBLIC;
GRANT SELECT ON LARGE OBJECT 900002, 900003 TO difficult_reader;
REVOKE ALL ON app.egg FROM CURRENT_USER;
ALTER DEFAULT PRIVILEGES IN SCHEMA app GRANT SELECT ON TABLES TO difficult_reader;
ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
ALTER DEFAULT PRIVILEGES IN SCHEMA "Odd ""schema""; ☃" GRANT USAGE ON SEQUENCES TO "Odd role; ""quoted"" é" WITH GRANT OPTION;
`;

/** What the superuser gave to another role: only another superuser can give it back. */
export const OTHER_OWNERS = `
ALTER DEFAULT PRIVILEGES FOR ROLE difficult_owner IN SCHEMA app GRANT INSERT ON TABLES TO difficult_reader;
ALTER DEFAULT PRIVILEGES FOR ROLE difficult_owner GRANT USAGE ON SCHEMAS TO difficult_reader;
GRANT USAGE, CREATE ON SCHEMA app TO difficult_owner;
ALTER SCHEMA "Odd ""schema""; ☃" OWNER TO difficult_owner;
ALTER TABLE app.documents OWNER TO difficult_owner;
ALTER TABLE app.hashed OWNER TO difficult_owner;
ALTER VIEW app.on_top OWNER TO "Odd role; ""quoted"" é";
ALTER FUNCTION app.overloaded(integer) OWNER TO difficult_owner;
ALTER TYPE types.nested OWNER TO difficult_owner;
ALTER SEQUENCE app.falling OWNER TO difficult_owner;
ALTER LARGE OBJECT 900003 OWNER TO difficult_owner;
SET LOCAL ROLE difficult_owner;
GRANT SELECT ON app.documents TO difficult_reader WITH GRANT OPTION;
SET LOCAL ROLE difficult_reader;
GRANT SELECT ON app.documents TO "Odd role; ""quoted"" é";
RESET ROLE;
-- The owner of a table sees none of its rows: nor does pg_dump, unless it is a superuser's.
CREATE TABLE app.forced (id integer, content text);
INSERT INTO app.forced VALUES (1, 'hidden'), (2, 'from the owner');
ALTER TABLE app.forced ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY nobody ON app.forced USING (false);
ALTER TABLE app.forced OWNER TO difficult_owner;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO difficult_reader;
ALTER SCHEMA public OWNER TO difficult_owner;
`;

/** Publications and a subscription that is never connected. */
export const REPLICATION = `
CREATE PUBLICATION "publication; ""quoted""" FOR TABLE app.customers (id, name), app.hashed, app.products WHERE (price > 1)
  WITH (publish = 'insert, delete', publish_via_partition_root = true);
COMMENT ON PUBLICATION "publication; ""quoted""" IS 'Some';
CREATE PUBLICATION of_nothing;
`;
