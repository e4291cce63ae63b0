/** One column of nearly every type. */
export const VALUE_TABLES = `
CREATE TABLE app.all_types (
  id integer PRIMARY KEY, small smallint, big bigint, exact numeric, scaled numeric(20, 5), rounded numeric(3, -2), real4 real, real8 float8,
  cash money, flag boolean, chars char(5), limited varchar(10), "text" text, one_byte "char", identifier name, bytes bytea,
  day date, at_time time(3), at_zone timetz, stamp timestamp, stamp_zone timestamptz, span interval, bits bit(3), more_bits bit varying,
  document json, binary_document jsonb, json_path jsonpath, markup xml, guid uuid, host inet, network cidr, mac macaddr, mac8 macaddr8,
  place point, stretch lseg, frame box, way path, shape polygon, round circle, straight line,
  words tsvector, question tsquery, log_position pg_lsn, snapshot pg_snapshot, language regconfig, object oid,
  numbers integer[], matrix text[], spans int4range, many_spans datemultirange, own_range types.float_range, mood types.mood, moods types.mood[],
  home types.address, nested types.nested, sku types.sku, word_list app.word_list, labels extensions.hstore
);
CREATE TABLE app.large_values (id integer PRIMARY KEY, content text, bytes bytea);
ALTER TABLE app.large_values ALTER COLUMN bytes SET STORAGE EXTERNAL;
`;

/**
 * Rows for every table: the values that are easily lost on the way, and enough others.
 *
 * @param scale what the number of rows of the larger tables is multiplied by.
 */
export function rowsOf(scale: number): string {
  const rows = (count: number): number => Math.max(1, Math.round(count * scale));
  return ODD_VALUES + LARGE_VALUES + SMALL_TABLES + CYCLES + largerTables(rows) + SEQUENCE_VALUES;
}

const ODD_VALUES = String.raw`
INSERT INTO app.all_types (id) VALUES (1);
INSERT INTO app.all_types VALUES (
  2, -32768, 9223372036854775807, '-12345678901234567890.000000000000000000000000001000', 'NaN', -99949, 'Infinity', '-0',
  '-$92,233.12', true, 'ab', '', E'tab\tbackslash\\newline\nreturn\r\\. \\N', E'\\001', 'select', '\x00ff5c27220a',
  '4713-01-01 BC', '24:00', '23:59:60+15:59', 'infinity', '-infinity', '-1 year +2 mons -3 days +04:05:06.789', B'101', B'',
  '{"b": 1,   "a": 2, "a": 3}', '{"a": [1.10, "\u00e9", null], "": {}}', '$."a"[*] ? (@ > 1)', '<?xml version="1.0"?><a b="1">&lt;</a>',
  'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '::ffff:1.2.3.4/100', '10.0.0.0/8', '08:00:2b:01:02:03', '08:00:2b:01:02:03:04:05',
  '(1e-300,NaN)', '((0,0),(1,1))', '((1,1),(0,0))', '[(0,0),(1,1)]', '((0,0),(1,1),(2,0))', '<(0,0),3>', '{1,-1,0}',
  '''it''''s'':1A & b:2', '''fat'' & !(cat:*B <2> dog)', '16/B374D848', '10:20:10,14,15', 'german', 4294967295,
  '[0:2]={NULL,-1,2147483647}', '{{"a,b","c\"d"},{NULL,"NULL"},{"","\\"}}', '(,5)', '{[2024-01-01,2024-02-01),[2025-01-01,)}',
  '(-Infinity,1e308]', 'ünïcode 😀', E'{sad,NULL,"it''s \\"fine\\";"}',
  ROW('Long "Street", 5', NULL, 'ok', 'ABC-1')::types.address, ROW(ROW('a\b', '', NULL, NULL), ARRAY[NULL, ROW('x', 'y', 'sad', 'ABC-2')]::types.address[], '"k"=>NULL'),
  'XYZ-0', '{a,"b c"}', '"quote\""=>"back\\slash", ""=>NULL');
INSERT INTO app.all_types (id, exact, real4, real8, day, stamp_zone, span, spans, markup, "text", bytes, numbers, many_spans) VALUES
  (3, 'Infinity', 'NaN', 5e-324, '5874897-12-31', '4713-11-24 00:00:00+00 BC', '00:00:00.000001', 'empty', 'only text', '\.', '', '{}', '{}'),
  (4, 0.00, 1e-45, 1.7976931348623157e308, 'infinity', '294276-12-31 23:59:59.999999+00', '178000000 years', '[1,1]', '<a/><b/>', '\N', 'a\\b', '{{1,2},{3,4}}', NULL),
  (5, 1e100, 0.1, 0.1, '0001-01-01 BC', '2024-02-29 12:00:00.5+05:30', '-178000000 years', NULL, '<!DOCTYPE a><a/>', '-- COPY x FROM stdin;', NULL, NULL, NULL);
`;

/** 5 MB each, one that compresses and one that does not, and some out of the row. */
const LARGE_VALUES = `
INSERT INTO app.large_values VALUES
  (1, repeat(E'Line of a very large value\\t\\\\ ', 180000), NULL),
  (2, NULL, (SELECT string_agg(sha512(i::text::bytea), ''::bytea ORDER BY i) FROM generate_series(1, 80000) i)),
  (3, repeat('é', 9000), decode(repeat('00ff', 5000), 'hex')), (4, '', ''), (5, NULL, NULL);
`;

const SMALL_TABLES = String.raw`
INSERT INTO app.products (sku, price, stock, words, parent) VALUES
  ('AAA-1', 0.0001, 1, 'a:1 ''it''''s''', NULL), ('AAA-2', 99999999.9999, 999, NULL, 'AAA-1'), ('AAA-3', 5, 5, '', 'AAA-2');
INSERT INTO app.half_checked VALUES (1, 'ZZZ-404', 5), (2, 'AAA-1', 500);
INSERT INTO app.bookings VALUES
  (1, '[2026-01-01 12:00+00,2026-01-02 12:00+00)', 'ok', NULL), (1, '[2026-01-02 12:00+00,)', 'sad', NULL),
  (2, 'empty', NULL, NULL), (3, '[2026-01-01 12:00+00,2026-01-03 12:00+00)', 'ok', 'a note');
INSERT INTO app.cache (key, value) SELECT 'key ' || i, decode(md5(i::text), 'hex') FROM generate_series(1, 20) i;
INSERT INTO app.nothing_at_all DEFAULT VALUES; INSERT INTO app.nothing_at_all DEFAULT VALUES; INSERT INTO app.nothing_at_all DEFAULT VALUES;
INSERT INTO app.all_dropped DEFAULT VALUES;
INSERT INTO app.of_a_type VALUES ('Street', DEFAULT, 'ok', 'AAA-1');
INSERT INTO app.vehicle VALUES (1, 2, 'bicycle');
INSERT INTO app.property VALUES ('Ada', 'house', 1000.50);
INSERT INTO app.company_car (plate, id, owner, value) VALUES ('B-AD 1', 7, 'Ada', -1);
INSERT INTO app.electric_car (plate, name, id, owner, range_km) VALUES ('B-AD 2', 'quiet', 8, 'Ada', 500);
INSERT INTO public."Straße ""quoted"" 😀
second line; -- \." VALUES (1, 'a', DEFAULT, '{"😀": "\n"}'), (2, E'\\.', NULL, '[]');
INSERT INTO public."select" VALUES (1, 'from', 'where'), (2, NULL, NULL);
INSERT INTO public."UPPER" VALUES (1, 2, 3);
INSERT INTO public.upper VALUES (1);
INSERT INTO public."* wild?" VALUES (1);
INSERT INTO public."dotted.name" VALUES (1), (2);
INSERT INTO public.a_name_that_is_exactly_as_long_as_names_can_be_in_postgresql_63 VALUES (63);
INSERT INTO "Odd ""schema""; ☃".customers SELECT i, 'odd ' || i FROM generate_series(1, 5) i;
`;

const CYCLES = `
INSERT INTO app.egg SELECT i, NULL, NULL FROM generate_series(1, 10) i;
INSERT INTO app.chicken SELECT i, i, nullif(i - 1, 0) FROM generate_series(1, 10) i;
INSERT INTO "Odd ""schema""; ☃".nest SELECT i, i FROM generate_series(1, 10) i;
UPDATE app.egg SET chicken_id = 1 + id % 10, nest_id = id;
`;

function largerTables(rows: (count: number) => number): string {
  return `
INSERT INTO app.customers (name, email, login, mood, today, home)
SELECT 'Customer ' || i, 'C' || i || '@Shop.example', 'Login' || i, (enum_range(NULL::types.mood))[1 + i % 5],
  CASE WHEN i % 4 > 0 THEN 'ok'::app.mood_of_today END, ROW('Street ' || i, lpad(i::text, 5, '0'), 'ok', 'AAA-' || i)::types.address
FROM generate_series(1, ${rows(500)}) i;
INSERT INTO app.events
SELECT i, timestamptz '2024-07-01 00:00+00' + i * interval '9 hours' / ${scaleOf(rows)}, (ARRAY['page', 'it''s;', NULL, 'other'])[1 + i % 4],
  1000 + 10 * (i % ${rows(500)}) FROM generate_series(1, ${rows(2000)}) i;
INSERT INTO app.seen SELECT id, happened_at FROM app.events WHERE id % 7 = 0;
INSERT INTO app.hashed SELECT i, 'hashed ' || i FROM generate_series(1, ${rows(300)}) i;
INSERT INTO app.by_mood SELECT (enum_range(NULL::types.mood))[1 + i % 5], i FROM generate_series(1, ${rows(100)}) i;
INSERT INTO app.listed VALUES ('ok', 1), ('it''s "fine";', 2), (NULL, 3);
INSERT INTO app.by_expression SELECT chr(97 + i % 26), date '2025-12-20' + i FROM generate_series(1, 60) i;
INSERT INTO app.detached VALUES (1, 'alone');
`;
}

/** How much time one event takes: at every scale the events reach from 2024 into 2026. */
function scaleOf(rows: (count: number) => number): number {
  return rows(2000) / 2000;
}

const SEQUENCE_VALUES = `
SELECT nextval('app.falling'), nextval('app.falling');
SELECT setval('app.at_its_end', 5, true), setval('app.round_and_round', 3, true);
SELECT setval('app.end_of_bigint', 9223372036854775807, false);
SELECT setval('"Odd ""schema""; ☃"."Séquence; ""quoted"""', 4711, true);
`;

/** Several large objects: of no bytes, with a hole, of 2.5 MB, with an owner, a comment and privileges (see access.ts). */
export const LARGE_OBJECTS = `
SELECT lo_from_bytea(900001, ''::bytea);
SELECT lo_from_bytea(900002, 'small'::bytea);
SELECT lo_from_bytea(900003, (SELECT string_agg(sha512(('lo' || i)::bytea), ''::bytea ORDER BY i) FROM generate_series(1, 40000) i));
SELECT lo_from_bytea(900004, ''::bytea), lo_put(900004, 100000, 'after a hole'::bytea);
SELECT lo_from_bytea(4294967295, decode('00ff5c2e0a', 'hex'));
COMMENT ON LARGE OBJECT 900002 IS 'It''s small; \\.';
CREATE TABLE app.documents (id integer PRIMARY KEY, content oid NOT NULL);
INSERT INTO app.documents VALUES (1, 900001), (2, 900003), (3, 4294967295);
`;
