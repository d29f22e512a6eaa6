-- The mirror as a whole, for /metrics: a row for each figure: its metric, the value of its label ('' where it has none), and the figure (null: there is none).
-- Also the time of it. The order of states is that of METRIC_LABEL_EDGE in src/base/metric.h.
WITH edge AS (
    SELECT * FROM edgemirror.freshness
), total AS (
    SELECT sum(e.row_count) AS rows, sum(e.held) AS held, sum(e.pending) AS pending, sum(e.rejected) AS rejected,
           extract(epoch FROM min(e.listed_at) FILTER (WHERE e.enabled)) AS listed, extract(epoch FROM min(e.refreshed_at) FILTER (WHERE e.enabled)) AS refreshed
      FROM edge e
), figure (metric, label, value) AS (
    SELECT 'mirror_edges', s.state, (SELECT count(*) FROM edge e WHERE e.state = s.state)::numeric
      FROM unnest(ARRAY['disabled', 'failing', 'overdue', 'held', 'unstable', 'unlisted', 'unrefreshed', 'rejected', 'well']) AS s (state)
    UNION ALL SELECT 'mirror_rows', '', coalesce(t.rows, 0) FROM total t
    UNION ALL SELECT 'mirror_rows_unregistered', '', (SELECT count(*) FROM edgemirror.database_connection d WHERE d.removed_at IS NULL AND d.database_id IS NULL)
    UNION ALL SELECT 'mirror_rows_held', '', coalesce(t.held, 0) FROM total t
    UNION ALL SELECT 'mirror_rows_pending', '', coalesce(t.pending, 0) FROM total t
    UNION ALL SELECT 'mirror_rows_rejected', '', coalesce(t.rejected, 0) FROM total t
    UNION ALL SELECT 'mirror_oldest_listed_timestamp_seconds', '', t.listed FROM total t
    UNION ALL SELECT 'mirror_oldest_refreshed_timestamp_seconds', '', t.refreshed FROM total t
    UNION ALL SELECT 'mirror_observed_timestamp_seconds', '', extract(epoch FROM now())
)
SELECT 'edgemirror_' || metric, label, value::double precision FROM figure
