/** Functions that name what other schemas hold, operators, casts, aggregates, triggers, rules, event triggers. */
export const ROUTINES = String.raw`
CREATE FUNCTION app.customer_count() RETURNS bigint LANGUAGE sql STABLE AS $$ SELECT count(*) FROM app.customers $$;
CREATE FUNCTION app.unqualified(integer) RETURNS text LANGUAGE sql STABLE SET search_path = app, types
  AS 'SELECT name FROM customers WHERE id = $1';
CREATE FUNCTION "Odd ""schema""; ☃"."Fünction ""x"""(IN a app.positive, INOUT b types.mood DEFAULT 'ok', VARIADIC c text[] DEFAULT '{}')
  LANGUAGE plpgsql COST 500 AS $body$
BEGIN
  -- don't; $$ is not the end
  PERFORM app.customer_count(), 'COPY app.customers FROM stdin;
\.
';
  b := (SELECT t.mood FROM app.customers t WHERE t.id = a);
END $body$;
CREATE FUNCTION app.overloaded(integer) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT 1';
CREATE FUNCTION app.overloaded(text, types.address) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT 2';
CREATE FUNCTION public.overloaded(numeric[]) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT 3';
CREATE FUNCTION app.products_under(limit_price numeric) RETURNS SETOF app.products LANGUAGE sql STABLE ROWS 7
  AS $$ SELECT * FROM app.products WHERE price < limit_price $$;
CREATE FUNCTION app.pairs() RETURNS TABLE (id integer, "Odd ""name""" text) LANGUAGE plpgsql AS $$ BEGIN RETURN; END $$;
CREATE FUNCTION app.first_of(anyarray) RETURNS anyelement LANGUAGE sql IMMUTABLE STRICT AS 'SELECT $1[1]';
SET LOCAL check_function_bodies = off;
CREATE FUNCTION app.names_what_is_gone() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM app.no_such_table';
CREATE FUNCTION app.guarded() RETURNS text LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET work_mem = '5MB'
  AS $$ SELECT current_user::text $$;
CREATE FUNCTION app.atomic(which types.mood) RETURNS bigint LANGUAGE sql STABLE BEGIN ATOMIC
  SELECT count(*) FROM app.customers c JOIN "Odd ""schema""; ☃".customers o ON o.id = c.id WHERE c.mood = which;
END;
CREATE FUNCTION app.atomic_case(i integer) RETURNS text LANGUAGE sql IMMUTABLE
  RETURN CASE WHEN i > 0 THEN CASE i WHEN 1 THEN 'END;' ELSE 'many' END END;
CREATE PROCEDURE app.move_stock(INOUT moved integer) LANGUAGE plpgsql AS $$ BEGIN moved := moved + 1; END $$;
CREATE PROCEDURE app.atomic_procedure(n integer) LANGUAGE sql BEGIN ATOMIC
  INSERT INTO app.empty_table VALUES (n, 'x'); DELETE FROM app.empty_table WHERE id = n;
END;
COMMENT ON FUNCTION app.overloaded(text, types.address) IS 'The second one';
COMMENT ON PROCEDURE app.move_stock(integer) IS 'Moves nothing';

CREATE FUNCTION app.sum_step(state numeric, value numeric) RETURNS numeric LANGUAGE sql IMMUTABLE AS 'SELECT coalesce($1, 0) + coalesce($2, 0)';
CREATE AGGREGATE app.total(numeric) (SFUNC = app.sum_step, STYPE = numeric, INITCOND = '0', COMBINEFUNC = app.sum_step, PARALLEL = SAFE);
COMMENT ON AGGREGATE app.total(numeric) IS 'A sum';
CREATE FUNCTION app.same_mood(types.mood, types.address) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT $1 = ($2).mood';
CREATE FUNCTION app.same_mood(types.address, types.mood) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT $2 = ($1).mood';
CREATE OPERATOR app.=~= (FUNCTION = app.same_mood, LEFTARG = types.mood, RIGHTARG = types.address, COMMUTATOR = OPERATOR(app.=~=));
CREATE OPERATOR app.=~= (FUNCTION = app.same_mood, LEFTARG = types.address, RIGHTARG = types.mood, COMMUTATOR = OPERATOR(app.=~=));
COMMENT ON OPERATOR app.=~= (types.mood, types.address) IS 'Same mood';
CREATE FUNCTION types.address_of(text) RETURNS types.address LANGUAGE sql IMMUTABLE AS $$ SELECT ROW($1, NULL, NULL, NULL)::types.address $$;
CREATE CAST (text AS types.address) WITH FUNCTION types.address_of(text) AS ASSIGNMENT;
CREATE CAST (types.address AS jsonb) WITH INOUT;
CREATE TEXT SEARCH DICTIONARY app.plain_words (TEMPLATE = pg_catalog.simple, stopwords = 'english', accept = false);
CREATE TEXT SEARCH CONFIGURATION app.shop_search (COPY = pg_catalog.german);
ALTER TEXT SEARCH CONFIGURATION app.shop_search ALTER MAPPING FOR asciiword, word WITH app.plain_words, pg_catalog.german_stem;
COMMENT ON TEXT SEARCH CONFIGURATION app.shop_search IS 'For the shop';
CREATE CONVERSION app.latin1_again FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8;
`;

/** What reacts to changes: made after the rows, so that it has not reacted to them. */
export const REACTIONS = String.raw`
CREATE TABLE app.ddl_log (id bigint GENERATED ALWAYS AS IDENTITY, what text, at timestamptz);
CREATE FUNCTION app.log_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO app.ddl_log (what) VALUES (TG_NAME);
  RETURN coalesce(NEW, OLD);
END $$;
CREATE TRIGGER plain AFTER INSERT OR UPDATE OF name, email ON app.customers
  FOR EACH ROW WHEN (NEW.name IS NOT NULL) EXECUTE FUNCTION app.log_change('an argument', 'it''s "quoted"; \');
CREATE TRIGGER disabled BEFORE DELETE ON app.customers FOR EACH ROW EXECUTE FUNCTION app.log_change();
ALTER TABLE app.customers DISABLE TRIGGER disabled;
CREATE TRIGGER "always; ""quoted""" AFTER UPDATE ON app.products REFERENCING OLD TABLE AS before NEW TABLE AS after
  FOR EACH STATEMENT EXECUTE FUNCTION app.log_change();
ALTER TABLE app.products ENABLE ALWAYS TRIGGER "always; ""quoted""";
CREATE TRIGGER on_replica AFTER TRUNCATE ON app.products FOR EACH STATEMENT EXECUTE FUNCTION app.log_change();
ALTER TABLE app.products ENABLE REPLICA TRIGGER on_replica;
CREATE CONSTRAINT TRIGGER late AFTER INSERT ON app.egg FROM app.chicken DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION app.log_change();
CREATE TRIGGER of_all_partitions AFTER INSERT ON app.events FOR EACH ROW EXECUTE FUNCTION app.log_change();
ALTER TABLE app.events_before DISABLE TRIGGER of_all_partitions;
CREATE TRIGGER instead INSTEAD OF INSERT ON app.happy FOR EACH ROW EXECUTE FUNCTION app.log_change();
COMMENT ON TRIGGER plain ON app.customers IS 'Writes it down';

CREATE RULE no_delete AS ON DELETE TO app.egg WHERE OLD.id < 0 DO INSTEAD NOTHING;
CREATE RULE two_things AS ON INSERT TO app.empty_table DO ALSO (
  INSERT INTO app.ddl_log (what) VALUES ('rule; ' || NEW.note); NOTIFY "odd;channel", 'it''s;');
CREATE RULE switched_off AS ON UPDATE TO app.empty_table DO INSTEAD DELETE FROM app.empty_table WHERE id = OLD.id;
ALTER TABLE app.empty_table DISABLE RULE switched_off;
CREATE RULE through_the_view AS ON UPDATE TO app.happiest DO INSTEAD UPDATE app.customers SET name = NEW.name WHERE id = OLD.id;
COMMENT ON RULE no_delete ON app.egg IS 'Not those';
`;

/**
 * Event triggers, last of all: from here on every change of the schema writes a row. A restore that made them too
 * early would find rows where there were none.
 */
export const EVENT_TRIGGERS = String.raw`
CREATE FUNCTION app.log_ddl() RETURNS event_trigger LANGUAGE plpgsql AS $$
BEGIN INSERT INTO app.ddl_log (what) VALUES (TG_TAG); END $$;
CREATE EVENT TRIGGER sleeping ON ddl_command_start EXECUTE FUNCTION app.log_ddl();
ALTER EVENT TRIGGER sleeping DISABLE;
COMMENT ON EVENT TRIGGER sleeping IS 'Does nothing';
CREATE EVENT TRIGGER "writes ""it"" down" ON ddl_command_end WHEN TAG IN ('CREATE TABLE', 'ALTER TABLE', 'CREATE INDEX')
  EXECUTE FUNCTION app.log_ddl();
`;
