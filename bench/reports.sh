# the queries of docs/reports.md, by the role for readers, on rows of ten versions each; arguments: rows… (200000)
# shellcheck shell=bash
[ $# -gt 0 ] || set -- 200000

# A year in which every row is changed nine times: renamed, linked or unlinked, now and then moved, or removed and brought back. 40 edges, which are synced every
# two hours: what one sync brings has one time. Runs of 90 days.
reports_history() {
        psql -qd reporting -v rows="$1" <<'END'
SET search_path = edgemirror;
SET client_min_messages = warning;
TRUNCATE database_connection, database_connection_past, rejected_row, sync_run, edge CASCADE;
INSERT INTO edge (edge_connection_id, name, schedule, timezone, first_listed_at, listed_at, refreshed_at, row_count, enabled)
SELECT md5('edge ' || e)::uuid, 'edge ' || e, 'every 2h', 'UTC', now() - interval '365 days', now() - interval '1 hour', now() - interval '1 hour', :rows / 40, e <> 39
  FROM generate_series(0, 39) e;
INSERT INTO sync_run (edge_connection_id, instance, epoch, trigger, phase, outcome, refresh, started_at, finished_at, error_message)
SELECT md5('edge ' || e)::uuid, 'bench', 1, 'schedule', 'done', CASE WHEN n % 50 = 7 THEN 'failed' ELSE 'synced' END, CASE WHEN n % 30 = 3 THEN 'failed' ELSE 'clean' END,
       now() - n * interval '2 hours', now() - n * interval '2 hours' + interval '1 minute', CASE WHEN n % 50 = 7 THEN 'the catalog answered with status 502' END
  FROM generate_series(1080, 0, -1) n, generate_series(0, 39) e;
UPDATE edge e SET last_run_id = (SELECT max(run_id) FROM sync_run r WHERE r.edge_connection_id = e.edge_connection_id);
CREATE TEMPORARY TABLE version AS
SELECT i, v, CASE WHEN v < 8 OR i % 50 <> 0 THEN i % 40 ELSE (i + 1) % 40 END AS e, 'database ' || i || CASE WHEN v % 3 = 0 THEN '' ELSE ' ' || v END AS name,
       CASE WHEN (v + i) % 2 = 0 THEN md5(i || ' ' || v)::uuid END AS database_id,
       CASE WHEN v = 0 AND i % 10 > 0 THEN now() - interval '365 days'
            ELSE now() - interval '365 days' + floor(438 * (v + ((i * 7919) % 1000) / 1001.0)) * interval '2 hours' + i % 40 * interval '1 second' END AS began,
       v = 6 AND i % 100 = 7 AS removed
  FROM generate_series(1, :rows) i, generate_series(0, 9) v;
INSERT INTO database_connection_past
       (id, edge_connection_id, name, database_id, valid_from, valid_to, run_id, began_as, previous_ended_at, ended_as, removed_run_id)
SELECT md5(i::text)::uuid, md5('edge ' || e)::uuid, name, database_id, began, CASE WHEN removed THEN began + (next_began - began) / 2 ELSE next_began END, 1,
       CASE WHEN v = 0 THEN NULL WHEN previous_removed THEN 'restored' WHEN previous_e <> e THEN 'moved' ELSE 'changed' END,
       CASE WHEN previous_removed THEN previous_began + (began - previous_began) / 2 ELSE CASE WHEN v > 0 THEN began END END, CASE WHEN removed THEN 'removed' END, CASE WHEN removed THEN 1 END
  FROM (SELECT *, lead(began) OVER w AS next_began, lag(began) OVER w AS previous_began, lag(removed) OVER w AS previous_removed, lag(e) OVER w AS previous_e
          FROM version WINDOW w AS (PARTITION BY i ORDER BY v)) x
 WHERE v < 9
 ORDER BY next_began;
INSERT INTO database_connection
       (id, edge_connection_id, name, database_id, first_seen_at, changed_at, removed_at, ended_as, run_id, previous_ended_at, removed_run_id, began_as, was_registered)
SELECT md5(i::text)::uuid, md5('edge ' || e)::uuid, name, database_id, first_began, began,
       CASE WHEN i % 20 = 3 THEN began + (now() - began) / 2 END, CASE WHEN i % 20 = 3 THEN 'removed' END, 1, began, CASE WHEN i % 20 = 3 THEN 1 END, 'changed', true
  FROM version JOIN (SELECT f.i, f.began AS first_began FROM version f WHERE f.v = 0) f USING (i)
 WHERE v = 9;
-- 1 in 100 is new, of the last month; 1 in 1000 is missing
INSERT INTO database_connection (id, edge_connection_id, name, first_seen_at, changed_at, run_id)
SELECT md5('new ' || i)::uuid, md5('edge ' || i % 40)::uuid, 'new ' || i, t, t, 1 FROM generate_series(1, :rows / 100) i, LATERAL (SELECT now() - i % 30 * interval '1 day') x (t);
UPDATE database_connection SET missing_since = now(), missing_reason = 'pending', missing_proofs = 1 WHERE removed_at IS NULL AND name LIKE '%777%';
INSERT INTO rejected_row SELECT md5('edge ' || i % 40)::uuid, md5('rejected ' || i)::uuid, NULL, 'its name is no text', '{}', now(), now(), 1 FROM generate_series(1, 1000) i;
DROP TABLE version;
END
        psql -qd reporting -c "VACUUM ANALYZE"
}

# The heading and the query of each block of the page, a file each.
reports_queries() {
        awk -v folder="$work" '/^## / { question = substr($0, 4) } /^```sql/ { file = sprintf("%s/query-%02d", folder, ++n); print question >(file ".title"); inside = 1; next }
                /^```/ { inside = 0 } inside { print >(file ".sql") }' "$top/docs/reports.md"
}

bench_postgres -c shared_buffers=1GB
ask "CREATE ROLE report LOGIN" || true
catalog_start "$build" "$work" --edges 1 --rows 1
bench_configuration </dev/null
ask "GRANT edgemirror_reader TO report; ALTER ROLE report SET jit = off"
reports_queries
for rows in "$@"; do
        reports_history "$rows"
        echo "$(ask "SELECT count(*) FROM edgemirror.database_connection_history") versions; the tables and their indexes: $(
                ask "SELECT pg_size_pretty(sum(pg_total_relation_size(oid))) FROM pg_class WHERE relname IN ('database_connection', 'database_connection_past')")"
        table "rows" "first ms" "again ms" "question"
        for query in "$work"/query-*.sql; do
                psql -qAtU report -d reporting -c '\timing on' -f "$query" -f "$query" >"$work/output" 2>&1
                # shellcheck disable=SC2046
                row $(($(grep -cv '^Time: ' "$work/output" || true) / 2)) $(sed -n 's/^Time: \([0-9]*\).*/\1/p' "$work/output") "$(cat "${query%.sql}.title")"
        done
done
