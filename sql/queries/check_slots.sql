-- Replication slots of the server that keep much of the write-ahead log from being removed: those that nobody reads from, and those whose reader is far behind. At
-- most five, the worst first. $1, $2 how many bytes are much, of a slot without a reader and of one with a reader.
WITH slot AS (
    SELECT s.slot_name, s.slot_type, s.active,
           pg_wal_lsn_diff(CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END, s.restart_lsn)::bigint AS bytes
      FROM pg_replication_slots s
     WHERE s.restart_lsn IS NOT NULL
)
SELECT slot_name, active, pg_size_pretty(bytes) AS size, format('SELECT pg_drop_replication_slot(%L);', slot_name) AS statement,
       slot_type = 'physical' AS physical
  FROM slot
 WHERE bytes > CASE WHEN active THEN $2::bigint ELSE $1::bigint END
 ORDER BY bytes DESC
 LIMIT 5
