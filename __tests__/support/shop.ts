import type { Database } from './database.ts';
import { SHOP_SCHEMA, SHOP_VIEWS } from './shop-schema.ts';

/** How many rows each table of the shop has, by its name as PostgreSQL writes it. */
export type ShopRows = Readonly<Record<string, number>>;

/**
 * Fills a database with a small shop in the schema `shop`: customers, products, orders, events in partitions,
 * documents in large objects, an empty table, quoted names, views. The data is made up, and the same every time.
 *
 * @param options.database the database to fill; it exists already.
 * @param options.scale 1 (the default) is about 12 MB and takes a second; sizes grow with it.
 * @returns the rows of each table that contains data; a partitioned table is counted by its partitions.
 */
export async function fillShop(
  server: Database,
  { database = 'postgres', scale = 1 }: { readonly database?: string; readonly scale?: number } = {},
): Promise<ShopRows> {
  await server.sql(SHOP_SCHEMA + HELPERS + shopData(scale) + SHOP_VIEWS, database);
  return countRows(server, database);
}

/** The rows of every ordinary table and partition of the shop, counted by the server. */
export async function countRows(server: Database, database: string): Promise<ShopRows> {
  const tables = await server.query(
    `SELECT quote_ident(schemaname) || '.' || quote_ident(tablename) AS name FROM pg_tables
     JOIN pg_class c ON c.oid = (quote_ident(schemaname) || '.' || quote_ident(tablename))::regclass
     WHERE schemaname = 'shop' AND c.relkind = 'r' ORDER BY 1`,
    { database },
  );
  const counts: Record<string, number> = {};
  for (const { name } of tables) {
    const [row] = await server.query(`SELECT count(*)::int AS rows FROM ${String(name)}`, { database });
    counts[String(name)] = Number(row?.['rows']);
  }
  return counts;
}

/**
 * Fills a database with `megabytes` of events in four tables, as fast as two connections can: for the bench. The
 * rows compress about as real ones do: 650 MB become an archive of some 110 MB, with zstd:3 as with gzip.
 */
export async function fillLarge(
  server: Database,
  { database = 'postgres', megabytes }: { readonly database?: string; readonly megabytes: number },
): Promise<void> {
  const tables = [1, 2, 3, 4];
  const rows = Math.ceil((megabytes * ROWS_PER_MEGABYTE) / tables.length);
  const worker = async (): Promise<void> => {
    for (let table = tables.shift(); table !== undefined; table = tables.shift()) {
      // One transaction: rows of a table made in it need no write-ahead log (wal_level = minimal).
      await server.sql(largeTable(table, rows), database);
    }
  };
  await Promise.all([worker(), worker()]);
}

/** Measured: a row takes 164 bytes, its part of the primary key included. */
const ROWS_PER_MEGABYTE = 6080;

/** `pick(key, n)`: a number from 0 to n - 1 that looks random and is always the same for the same key. */
const HELPERS = `
CREATE FUNCTION pg_temp.pick(key text, n integer) RETURNS integer LANGUAGE sql IMMUTABLE
  AS $$ SELECT ('x' || substr(md5(key), 1, 7))::bit(28)::integer % n $$;
CREATE FUNCTION pg_temp.word(key text, words text[]) RETURNS text LANGUAGE sql IMMUTABLE
  AS $$ SELECT words[1 + ('x' || substr(md5(key), 1, 7))::bit(28)::integer % cardinality(words)] $$;
`;

const FIRST_NAMES = `'{Ada,Björn,Chloé,Dmitri,Emeka,Fatima,Grace,Hiroshi,Inés,Jan,Kateřina,Linus,Margaret,Noor}'::text[]`;
const LAST_NAMES = `'{Lovelace,Ångström,Hopper,"O''Brien",Nakamura,Okafor,García,Müller,Hamilton,Turing,Łukasiewicz}'::text[]`;
const CITIES = `'{Berlin,København,Lagos,Lisboa,Kyōto,Montréal,Nairobi,Oslo,São Paulo,Zürich}'::text[]`;
const THINGS = `'{Kettle,Lamp,Notebook,Backpack,Teapot,Bicycle bell,Blanket,Chair,Keyboard,Umbrella}'::text[]`;
const LOOKS = `'{Blue,Folding,Pocket,Second-hand,Enamelled,Quiet,Heavy-duty,Woollen}'::text[]`;

function shopData(scale: number): string {
  const rows = (count: number): number => Math.max(1, Math.round(count * scale));
  const customers = rows(5000);
  const products = rows(500);
  const orders = rows(14000);
  return `
INSERT INTO shop.customers (name, email, city, address, newsletter, birthday, created_at)
SELECT pg_temp.word('f' || i, ${FIRST_NAMES}) || ' ' || pg_temp.word('l' || i, ${LAST_NAMES}),
  'customer' || i || '@shop.example', pg_temp.word('c' || i, ${CITIES}),
  jsonb_build_object('street', 'Long Street ' || pg_temp.pick('s' || i, 300), 'zip', 10000 + pg_temp.pick('z' || i, 89999),
    'floor', nullif(pg_temp.pick('o' || i, 9), 0)),
  pg_temp.pick('n' || i, 3) = 0,
  CASE WHEN i % 7 > 0 THEN date '1950-01-01' + pg_temp.pick('b' || i, 20000) END,
  timestamptz '2024-01-01 08:00+00' + i * interval '97 minutes' / ${Math.max(scale, 0.1)}
FROM generate_series(1, ${customers}) i;

INSERT INTO shop.products (sku, name, description, price, tags, attributes, thumbnail)
SELECT 'SKU-' || to_char(i, 'FM000000'), pg_temp.word('k' || i, ${LOOKS}) || ' ' || lower(pg_temp.word('t' || i, ${THINGS})),
  CASE WHEN i % 10 > 0 THEN E'Made to last.\\nIn a box of ' || i % 12 || E' pieces;\\twashable at 30 °C. \\\\o/' END,
  1 + pg_temp.pick('p' || i, 50000) / 100.0, ARRAY['tag' || i % 17, 'tag' || i % 5],
  jsonb_build_object('weight_g', pg_temp.pick('w' || i, 5000), 'colours', jsonb_build_array('red', 'green')),
  decode(repeat(md5('img' || i), 16), 'hex')
FROM generate_series(1, ${products}) i;

INSERT INTO shop.orders (customer_id, status, invoice, note, placed_at)
SELECT 1 + pg_temp.pick('oc' || i, ${customers}), (enum_range(NULL::shop.order_status))[1 + pg_temp.pick('st' || i, 4)],
  CASE WHEN i % 5 > 0 THEN nextval('shop.invoice_number') END,
  CASE WHEN i % 11 = 0 THEN 'Please ring twice 🔔' WHEN i % 13 = 0 THEN '\\.' END,
  timestamptz '2025-01-01 00:00+00' + i * interval '35 minutes' / ${Math.max(scale, 0.1)}
FROM generate_series(1, ${orders}) i;

INSERT INTO shop.order_lines (order_id, line, product_id, quantity, unit_price)
SELECT o, l, p.id, 1 + pg_temp.pick('q' || o || l, 5), p.price
FROM generate_series(1, ${orders}) o CROSS JOIN LATERAL generate_series(1, 1 + pg_temp.pick('ln' || o, 4)) l
JOIN shop.products p ON p.id = 1 + pg_temp.pick('op' || o || '-' || l, ${products})
ORDER BY o, l;

INSERT INTO shop.events (id, kind, customer_id, payload, happened_at)
SELECT i, pg_temp.word('e' || i, '{page,search,basket,checkout,login}'), nullif(pg_temp.pick('ec' || i, ${customers}), 0),
  jsonb_build_object('session', md5('session' || i / 8), 'path', '/products/' || pg_temp.pick('path' || i, ${products}),
    'ms', pg_temp.pick('ms' || i, 2000)),
  timestamptz '2025-01-01 00:00+00' + i * interval '28 minutes' / ${Math.max(scale, 0.1)}
FROM generate_series(1, ${rows(20000)}) i;

INSERT INTO shop."Gift cards"
SELECT upper(substr(md5('gift' || i), 1, 12)), 5 * (1 + pg_temp.pick('g' || i, 20)), 'Happy birthday, "' || i || E'"!\\n'
FROM generate_series(1, ${rows(200)}) i;

INSERT INTO shop.documents
SELECT i, 'Terms of trade, part ' || i, lo_from_bytea(700000 + i, convert_to(repeat('Paragraph ' || i || E'. No warranty.\\n', 4000), 'UTF8'))
FROM generate_series(1, 2) i;
`;
}

function largeTable(table: number, rows: number): string {
  return `
CREATE TABLE public.events_${table} (
  id bigint PRIMARY KEY, customer_id integer NOT NULL, kind text NOT NULL, path text NOT NULL, session text NOT NULL,
  amount numeric(10, 2), happened_at timestamptz NOT NULL
);
INSERT INTO public.events_${table}
SELECT i, hashint8(i) & 1048575, (ARRAY['page', 'search', 'basket', 'checkout', 'login'])[1 + (hashint8(i + 1) & 3)],
  '/catalogue/' || (hashint8(i + 2) & 4095) || '/reviews?sort=newest&page=' || (hashint8(i + 3) & 7),
  md5('session ${table} ' || i / 3), (hashint8(i + 4) & 65535) / 100.0, timestamptz '2025-01-01 00:00+00' + i * interval '3 seconds'
FROM generate_series(1::bigint, ${rows}) i;
`;
}
