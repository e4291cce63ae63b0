/** What a server has had since 17. */
export const SINCE_17 = `
CREATE TABLE app.identities (id integer GENERATED ALWAYS AS IDENTITY, at date) PARTITION BY RANGE (at);
CREATE TABLE app.identities_1 PARTITION OF app.identities FOR VALUES FROM (MINVALUE) TO ('2026-01-01');
CREATE TABLE app.identities_2 PARTITION OF app.identities DEFAULT;
INSERT INTO app.identities (at) SELECT date '2025-12-25' + i FROM generate_series(1, 20) i;
CREATE COLLATION types.built_in (provider = builtin, locale = 'C.UTF-8');
CREATE TABLE app.collated (name text COLLATE types.built_in PRIMARY KEY);
INSERT INTO app.collated VALUES ('ä'), ('Z');
GRANT MAINTAIN ON app.collated TO difficult_reader;
`;

/** What a server has had since 18. */
export const SINCE_18 = `
CREATE TABLE app.virtual_columns (a integer, b integer GENERATED ALWAYS AS (a * 2) VIRTUAL);
INSERT INTO app.virtual_columns VALUES (1), (2);
CREATE TABLE app.temporal (id integer, during daterange, PRIMARY KEY (id, during WITHOUT OVERLAPS));
CREATE TABLE app.temporal_child (id integer, during daterange, FOREIGN KEY (id, PERIOD during) REFERENCES app.temporal (id, PERIOD during));
INSERT INTO app.temporal VALUES (1, '[2026-01-01,2026-02-01)');
CREATE TABLE app.unenforced (id integer CHECK (id > 0) NOT ENFORCED, parent integer, note text);
ALTER TABLE app.unenforced ADD CONSTRAINT note_known NOT NULL note NOT VALID;
INSERT INTO app.unenforced VALUES (-1, NULL, 'x');
`;
