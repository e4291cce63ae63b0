/** Views on views, materialized views on both, and views that pg_dump can only make in two steps. */
export const VIEWS = String.raw`
CREATE VIEW app.happy WITH (security_barrier) AS
  SELECT id, name, mood, (home).street AS "Street ""x""" FROM app.customers WHERE mood > 'sad'::types.mood;
CREATE VIEW app.happiest AS SELECT h.*, E'it''s;\n\\.' AS note FROM app.happy h WHERE h.mood = 'it''s "fine";';
CREATE VIEW app.checked WITH (security_invoker = true) AS SELECT id, note FROM app.empty_table WHERE id > 0 WITH LOCAL CHECK OPTION;
ALTER VIEW app.happiest ALTER COLUMN note SET DEFAULT 'by default';
CREATE VIEW "Odd ""schema""; ☃"."View; ""quoted"" 😀" AS SELECT * FROM "Odd ""schema""; ☃".customers;
CREATE RECURSIVE VIEW app.tree (sku, depth) AS
  SELECT sku, 1 FROM app.products WHERE parent IS NULL UNION ALL
  SELECT p.sku, t.depth + 1 FROM app.products p JOIN tree t ON p.parent = t.sku;
-- Grouped by the primary key alone: valid only once the key is there, so pg_dump makes a view without rows first.
CREATE VIEW app.needs_the_key AS SELECT c.id, c.name, c.email, count(e.id) AS events
  FROM app.customers c LEFT JOIN app.events e ON e.customer = c.id GROUP BY c.id;

CREATE MATERIALIZED VIEW app.counted AS SELECT mood, count(*) AS customers FROM app.happy GROUP BY mood WITH DATA;
CREATE MATERIALIZED VIEW app.counted_again WITH (fillfactor = 60) AS
  SELECT sum(customers) AS all_customers, app.customer_count() AS by_function FROM app.counted;
CREATE MATERIALIZED VIEW "Odd ""schema""; ☃"."Mat; view" AS SELECT * FROM app.counted_again NATURAL JOIN app.counted;
CREATE MATERIALIZED VIEW app.after_the_key AS SELECT id, events FROM app.needs_the_key;
CREATE MATERIALIZED VIEW app.never_filled AS SELECT id FROM app.happiest WITH NO DATA;
CREATE VIEW app.on_top AS SELECT m.*, n.events FROM app.after_the_key n, "Odd ""schema""; ☃"."Mat; view" m;
CREATE UNIQUE INDEX counted_mood ON app.counted (mood);
CREATE INDEX never_filled_id ON app.never_filled (id);
COMMENT ON MATERIALIZED VIEW app.counted IS 'Counted';
COMMENT ON VIEW app.happy IS 'Not sad';
COMMENT ON COLUMN app.happy.mood IS 'The mood';
`;
