/**
 * A database in two schemas, with one of everything that the plan of a restore has to decide about: what belongs to
 * what, what needs what, and what fails on a server where the role is not a superuser. The roles "odd role" and
 * reader have to be there.
 */
export const PLANNED_DATABASE = `
CREATE SCHEMA app; CREATE SCHEMA other;
COMMENT ON SCHEMA app IS 'the application'; COMMENT ON SCHEMA public IS 'something else';
CREATE EXTENSION citext SCHEMA other; COMMENT ON EXTENSION citext IS 'texts';
CREATE TYPE app.mood AS ENUM ('sad', 'ok');
CREATE TYPE app.span AS RANGE (subtype = int); CREATE TYPE public.shade AS ENUM ('dark');
CREATE FUNCTION app.paint(public.shade, app.span) RETURNS int LANGUAGE sql AS $$SELECT 1$$;
CREATE SEQUENCE app."two \\\\ backslashes";
CREATE DOMAIN other.positive AS int CHECK (value > 0); COMMENT ON DOMAIN other.positive IS 'above zero';
CREATE SEQUENCE other.numbers START 70;
CREATE FUNCTION other.next_number() RETURNS bigint LANGUAGE sql AS $$SELECT nextval('other.numbers')$$;
CREATE FUNCTION app.is_equal(app.mood, app.mood) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$SELECT $1::text = $2::text$$;
CREATE OPERATOR app.=== (LEFTARG = app.mood, RIGHTARG = app.mood, PROCEDURE = app.is_equal);
CREATE FUNCTION app.as_number(app.mood) RETURNS int LANGUAGE sql AS $$SELECT 1$$;
CREATE CAST (app.mood AS int) WITH FUNCTION app.as_number(app.mood);
CREATE AGGREGATE app.total(int) (SFUNC = int4pl, STYPE = int);
CREATE AGGREGATE app.many(*) (SFUNC = int8inc, STYPE = int8, INITCOND = 0);
CREATE PROCEDURE app.work(INOUT x int, OUT y int, z app.mood[]) LANGUAGE plpgsql AS $$BEGIN END$$;
CREATE COLLATION app."C again" FROM "C";
CREATE TEXT SEARCH DICTIONARY app.words (TEMPLATE = simple);
CREATE TEXT SEARCH CONFIGURATION app.search (COPY = simple);

CREATE TABLE app.people (id serial PRIMARY KEY, mood app.mood, size other.positive DEFAULT 1, name text COLLATE app."C again");
CREATE TABLE app.orders (
  id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  person int REFERENCES app.people, parent int REFERENCES app.orders, note text,
  number bigint DEFAULT other.next_number(), serial_number bigint DEFAULT nextval('other.numbers')
);
INSERT INTO app.people (mood) VALUES ('sad'), ('ok'); INSERT INTO app.orders (person) VALUES (1), (2), (1);
COMMENT ON COLUMN app.people.mood IS 'how'; COMMENT ON CONSTRAINT orders_person_fkey ON app.orders IS 'who';
CREATE INDEX ON app.orders ((person + 1)); CREATE STATISTICS app.both ON person, parent FROM app.orders;
CREATE FUNCTION other.stamp() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN NEW.note := 'x'; RETURN NEW; END$$;
CREATE TRIGGER "stamps it" BEFORE INSERT OR UPDATE OF person, id ON app.orders FOR EACH ROW EXECUTE FUNCTION other.stamp();
COMMENT ON TRIGGER "stamps it" ON app.orders IS 'a trigger';
CREATE RULE "no deletes" AS ON DELETE TO app.orders WHERE old.id = 0 DO INSTEAD NOTHING;
ALTER TABLE app.orders ENABLE ROW LEVEL SECURITY;
CREATE POLICY mine ON app.orders FOR SELECT TO "odd role" USING (EXISTS (SELECT FROM app.people p WHERE p.id = person));
CREATE POLICY everyones ON app.orders; COMMENT ON POLICY mine ON app.orders IS 'odd';
CREATE VIEW other.totals AS SELECT p.id, p.mood FROM app.people p GROUP BY p.id;
CREATE MATERIALIZED VIEW other.kept AS SELECT * FROM other.totals; CREATE INDEX kept_id ON other.kept (id);
CREATE TABLE app.child () INHERITS (app.people);

CREATE TABLE app.events (day date PRIMARY KEY, what other.citext) PARTITION BY RANGE (day);
CREATE TABLE other.events_2025 PARTITION OF app.events FOR VALUES FROM ('2025-01-01') TO ('2026-01-01') PARTITION BY LIST (day);
CREATE TABLE other."events 2025, rest" PARTITION OF other.events_2025 DEFAULT;
CREATE INDEX events_what ON app.events (what);
INSERT INTO app.events SELECT date '2025-01-01' + n, 'event' FROM generate_series(0, 99) n;

CREATE TABLE public."o'dd ""😀"" (x)
;" (id int, "a b" text); INSERT INTO public."o'dd ""😀"" (x)
;" VALUES (1, 'x');
COMMENT ON TABLE public."o'dd ""😀"" (x)
;" IS 'odd';

GRANT USAGE ON SCHEMA app TO reader, "odd role"; GRANT SELECT ON app.people TO reader; GRANT SELECT (note) ON app.orders TO "odd role";
GRANT USAGE ON SCHEMA public TO reader;
REVOKE EXECUTE ON FUNCTION pg_catalog.pg_sleep(double precision) FROM public;
ALTER DEFAULT PRIVILEGES IN SCHEMA app GRANT SELECT ON TABLES TO reader;
CREATE FOREIGN DATA WRAPPER nothing; CREATE SERVER nowhere FOREIGN DATA WRAPPER nothing;
CREATE USER MAPPING FOR "odd role" SERVER nowhere OPTIONS (a 'b'); CREATE USER MAPPING FOR PUBLIC SERVER nowhere;
CREATE FOREIGN TABLE app.remote (id int) SERVER nowhere;
CREATE PUBLICATION changes FOR TABLE app.orders;
CREATE SUBSCRIPTION news CONNECTION 'host=nowhere' PUBLICATION p WITH (connect = false, slot_name = NONE, enabled = false);
CREATE FUNCTION app.on_ddl() RETURNS event_trigger LANGUAGE plpgsql AS $$BEGIN END$$;
CREATE EVENT TRIGGER watches ON ddl_command_start EXECUTE FUNCTION app.on_ddl(); COMMENT ON EVENT TRIGGER watches IS 'watches';
SELECT lo_from_bytea(2001, 'one'); SELECT lo_from_bytea(2002, 'two'); COMMENT ON LARGE OBJECT 2001 IS 'first';
GRANT SELECT ON LARGE OBJECT 2001 TO reader;
`;
