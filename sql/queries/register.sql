-- Makes one edge known. An edge that is already so is not written. A name that another id holds goes to the new id.
-- $1 id, $2 name, $3 enabled, $4 schedule, $5 timezone.
WITH wanted AS (
    SELECT $1::uuid AS edge_connection_id, $2::text AS name, $3::boolean AS enabled, $4::text AS schedule, $5::text AS timezone
), edge AS (
    INSERT INTO edgemirror.edge AS e (edge_connection_id, name, enabled, schedule, timezone)
    SELECT w.* FROM wanted w
     WHERE NOT EXISTS (SELECT FROM edgemirror.edge x
                        WHERE (x.edge_connection_id, x.name, x.enabled, x.schedule, x.timezone)
                            = (w.edge_connection_id, w.name, w.enabled, w.schedule, w.timezone))
    ON CONFLICT (edge_connection_id) DO UPDATE
       SET name = excluded.name, enabled = excluded.enabled, schedule = excluded.schedule, timezone = excluded.timezone
    RETURNING e.edge_connection_id
)
INSERT INTO edgemirror.edge_claim (edge_connection_id)
SELECT w.edge_connection_id FROM wanted w
 WHERE NOT EXISTS (SELECT FROM edgemirror.edge_claim c WHERE c.edge_connection_id = w.edge_connection_id)
ON CONFLICT DO NOTHING
