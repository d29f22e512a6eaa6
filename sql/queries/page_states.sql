-- How many edges are in each state, and what they have together; one row per state that occurs.
SELECT f.state, count(*) AS edges, coalesce(sum(f.row_count), 0)::bigint AS rows, sum(f.held)::bigint AS held, sum(f.pending)::bigint AS pending,
       sum(f.rejected)::bigint AS rejected, extract(epoch FROM max(f.listed_age))::bigint AS oldest_listed,
       extract(epoch FROM max(f.refreshed_age))::bigint AS oldest_refreshed, count(*) FILTER (WHERE f.listed_at IS NULL) AS never_listed,
       count(*) FILTER (WHERE f.refreshed_at IS NULL) AS never_refreshed
  FROM edgemirror.freshness f
 GROUP BY f.state
