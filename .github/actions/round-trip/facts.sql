SELECT 'orders', count(*), md5(string_agg(o::text, '|' ORDER BY id)) FROM shop.orders AS o;
SELECT 'odd', count(*), md5(string_agg(o::text, '|' ORDER BY id)) FROM "Odd Name" AS o;
SELECT 'nothing', count(*) FROM nothing_in_it;
SELECT 'expensive', count(*) FROM shop.expensive;
SELECT 'sequence', last_value, is_called FROM shop.orders_id_seq;
SELECT 'large object', md5(lo_get(4711));
SELECT 'indexes', count(*) FROM pg_indexes WHERE schemaname IN ('shop', 'public');
