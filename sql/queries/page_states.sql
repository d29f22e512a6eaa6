-- How many edges are in each state, and what they have together; one row per state that occurs. Of edges that are not enabled, those count for the age of lists that have
-- databases in the mirror, or that are asked for. $1 edge by its name (null: all), whose id is given then.
SELECT f.state, count(*) AS edges, coalesce(sum(f.row_count), 0)::bigint AS rows, sum(f.held)::bigint AS held, sum(f.pending)::bigint AS pending,
       sum(f.rejected)::bigint AS rejected, extract(epoch FROM max(f.listed_age) FILTER (WHERE f.enabled OR f.row_count > 0 OR f.edge = $1::text))::bigint AS oldest_listed,
       extract(epoch FROM max(f.refreshed_age) FILTER (WHERE f.enabled OR f.row_count > 0 OR f.edge = $1::text))::bigint AS oldest_refreshed,
       count(*) FILTER (WHERE f.listed_at IS NULL) AS never_listed, count(*) FILTER (WHERE f.refreshed_at IS NULL) AS never_refreshed,
       CASE WHEN $1::text IS NOT NULL THEN min(f.edge_connection_id::text) END AS edge_connection_id
  FROM edgemirror.freshness f
 WHERE $1::text IS NULL OR f.edge = $1::text
 GROUP BY f.state
