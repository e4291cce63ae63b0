/**
 * Schemas, extensions and types that lean on each other across schemas. Names as pg_dump must quote them; the
 * schema `Odd "schema"; ☃` comes back in the other themes.
 */
export const TYPES = String.raw`
CREATE SCHEMA app;
CREATE SCHEMA types;
CREATE SCHEMA extensions;
CREATE SCHEMA "Odd ""schema""; ☃";
COMMENT ON SCHEMA app IS E'What the application uses; it''s all here.\nSecond line.';
COMMENT ON SCHEMA public IS 'Not what initdb wrote';

CREATE EXTENSION btree_gist WITH SCHEMA public;
CREATE EXTENSION pg_trgm WITH SCHEMA public;
CREATE EXTENSION citext WITH SCHEMA extensions;
CREATE EXTENSION hstore WITH SCHEMA extensions;
CREATE EXTENSION pgcrypto WITH SCHEMA extensions;
CREATE EXTENSION "uuid-ossp" WITH SCHEMA extensions;
COMMENT ON EXTENSION hstore IS 'Changed by hand';

CREATE TYPE types.mood AS ENUM ('sad', 'ok', 'it''s "fine";', 'ünïcode 😀', E'back\\slash');
COMMENT ON TYPE types.mood IS 'How it is';
CREATE TYPE "Odd ""schema""; ☃"."Enum ""type"" ☃" AS ENUM ('Ä', 'b c', 'NULL');

CREATE FUNCTION app.is_sku(text) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE
  AS $$ SELECT $1 OPERATOR(pg_catalog.~) '^[A-Z]{3}-[0-9]+$' $$;
CREATE DOMAIN types.sku AS text CHECK (app.is_sku(VALUE));
CREATE DOMAIN app.positive AS integer DEFAULT 1 CONSTRAINT above_zero CHECK (VALUE > 0);
CREATE DOMAIN types.small_positive AS app.positive NOT NULL CHECK (VALUE < 1000) CHECK (VALUE <> 13);
CREATE DOMAIN app.mood_of_today AS types.mood DEFAULT 'ok' CHECK (VALUE <> 'sad');
CREATE DOMAIN app.word_list AS text[] CHECK (cardinality(VALUE) < 10);
CREATE DOMAIN types.c_text AS text COLLATE "C" DEFAULT E'it''s \\ here';
CREATE DOMAIN types.checked_later AS integer;
ALTER DOMAIN types.checked_later ADD CONSTRAINT not_yet CHECK (VALUE > 10) NOT VALID;
COMMENT ON DOMAIN types.sku IS 'Checked by a function of another schema';
COMMENT ON CONSTRAINT above_zero ON DOMAIN app.positive IS 'No zero';

CREATE TYPE types.address AS (street text, zip text COLLATE "C", mood types.mood, removed integer, sku types.sku);
ALTER TYPE types.address DROP ATTRIBUTE removed;
COMMENT ON COLUMN types.address.zip IS 'As it stands on the letter';
CREATE TYPE types.nested AS (home types.address, others types.address[], at extensions.hstore);
CREATE TYPE types.float_range AS RANGE (subtype = float8, subtype_diff = float8mi, multirange_type_name = types.float_ranges);

CREATE COLLATION types.german_phonebook (provider = icu, locale = 'de-u-co-phonebk');
CREATE COLLATION types.case_insensitive (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE COLLATION types.posix (provider = libc, locale = 'POSIX');
COMMENT ON COLLATION types.german_phonebook IS 'ä is ae';
CREATE TYPE types.name_range AS RANGE (subtype = text, collation = types.posix);
`;
