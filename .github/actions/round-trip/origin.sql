CREATE SCHEMA shop;
CREATE TABLE shop.orders (id bigserial PRIMARY KEY, note text, price numeric(12, 2), ordered_at timestamptz);
INSERT INTO shop.orders (note, price, ordered_at)
SELECT 'Order ' || n || E' \\ "quoted"\n', n * 1.37, timestamptz '2026-01-01' + n * interval '1 minute'
FROM generate_series(1, 5000) AS n;
CREATE INDEX ON shop.orders (ordered_at);
CREATE TABLE "Odd Name" (id int PRIMARY KEY, "a;b" bytea);
INSERT INTO "Odd Name" VALUES (1, '\x00ff'), (2, NULL);
CREATE TABLE nothing_in_it (id int);
CREATE VIEW shop.expensive AS SELECT * FROM shop.orders WHERE price > 1000;
SELECT lo_from_bytea(4711, '\x68656c6c6f');
