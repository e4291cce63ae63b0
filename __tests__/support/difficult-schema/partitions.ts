/** Partitions of every sort, in several schemas and levels, with keys to and from them. */
export const PARTITIONS = String.raw`
CREATE TABLE app.events (
  id bigint NOT NULL, happened_at timestamptz NOT NULL, kind text DEFAULT 'page', customer integer REFERENCES app.customers,
  PRIMARY KEY (id, happened_at)
) PARTITION BY RANGE (happened_at);
CREATE TABLE app.events_2025 PARTITION OF app.events FOR VALUES FROM ('2025-01-01') TO ('2026-01-01') PARTITION BY RANGE (happened_at);
CREATE TABLE app.events_2025_h1 PARTITION OF app.events_2025 FOR VALUES FROM ('2025-01-01') TO ('2025-07-01') PARTITION BY HASH (id);
CREATE TABLE app.events_2025_h1_0 PARTITION OF app.events_2025_h1 FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE app.events_2025_h1_1 PARTITION OF app.events_2025_h1 FOR VALUES WITH (MODULUS 2, REMAINDER 1);
CREATE TABLE app.events_2025_rest PARTITION OF app.events_2025 DEFAULT;
-- Made by hand in another order of columns and in another schema, with a column that was dropped, then attached.
CREATE TABLE "Odd ""schema""; ☃"."events 2026" (
  kind text DEFAULT 'its own', dropped integer, happened_at timestamptz NOT NULL, customer integer, id bigint NOT NULL,
  CONSTRAINT customer_known CHECK (customer IS NULL OR customer > 0)
);
ALTER TABLE "Odd ""schema""; ☃"."events 2026" DROP COLUMN dropped;
ALTER TABLE app.events ATTACH PARTITION "Odd ""schema""; ☃"."events 2026" FOR VALUES FROM ('2026-01-01') TO (MAXVALUE);
CREATE TABLE app.events_before PARTITION OF app.events DEFAULT;
CREATE INDEX events_of_customer ON app.events (customer, happened_at);
CREATE INDEX only_in_2026 ON "Odd ""schema""; ☃"."events 2026" (kind);
COMMENT ON TABLE app.events IS 'By year';

-- An index of the parent alone, to which not every partition has one attached: it stays invalid.
CREATE INDEX half_attached ON ONLY app.events (kind);
CREATE INDEX half_attached_before ON app.events_before (kind);
ALTER INDEX app.half_attached ATTACH PARTITION app.half_attached_before;

CREATE TABLE app.seen (event_id bigint, happened_at timestamptz, PRIMARY KEY (event_id, happened_at),
  FOREIGN KEY (event_id, happened_at) REFERENCES app.events ON DELETE CASCADE);

CREATE TABLE app.hashed (id integer PRIMARY KEY, note text) PARTITION BY HASH (id);
CREATE TABLE app.hashed_0 PARTITION OF app.hashed FOR VALUES WITH (MODULUS 3, REMAINDER 0);
CREATE TABLE app.hashed_1 PARTITION OF app.hashed FOR VALUES WITH (MODULUS 3, REMAINDER 1) WITH (fillfactor = 40);
CREATE TABLE app.hashed_2 PARTITION OF app.hashed FOR VALUES WITH (MODULUS 3, REMAINDER 2);

-- pg_dump loads these through the root by itself: the hash of an enum's value is not the same in another database.
CREATE TABLE app.by_mood (mood types.mood NOT NULL, id integer) PARTITION BY HASH (mood);
CREATE TABLE app.by_mood_0 PARTITION OF app.by_mood FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE app.by_mood_1 PARTITION OF app.by_mood FOR VALUES WITH (MODULUS 2, REMAINDER 1);

CREATE TABLE app.listed (mood types.mood, amount types.small_positive DEFAULT 7) PARTITION BY LIST (mood);
CREATE TABLE app.listed_good PARTITION OF app.listed FOR VALUES IN ('ok', 'it''s "fine";');
CREATE TABLE app.listed_null PARTITION OF app.listed (amount DEFAULT 8) FOR VALUES IN (NULL);

CREATE TABLE app.by_expression (name text, at date) PARTITION BY RANGE (lower(name), at);
CREATE TABLE app.by_expression_a PARTITION OF app.by_expression FOR VALUES FROM (MINVALUE, MINVALUE) TO ('m', '2026-01-01');
CREATE TABLE app.by_expression_b PARTITION OF app.by_expression FOR VALUES FROM ('m', '2026-01-01') TO (MAXVALUE, MAXVALUE);

CREATE TABLE app.no_partitions_yet (id integer, at date) PARTITION BY RANGE (at);
CREATE TABLE app.detached (LIKE app.hashed INCLUDING ALL);
`;
