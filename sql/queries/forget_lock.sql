-- Locks the rows of other edges whose present version followed one that is forgotten, in order of id, as an apply does: whoever is about to end such a version has
-- ended it before it is looked at, or ends it afterwards. None becomes one meanwhile: for that, the edge that is forgotten is locked. $1 ids.
SELECT FROM edgemirror.database_connection d
 WHERE d.edge_connection_id <> ALL ($1::uuid[])
   AND (d.id, d.previous_ended_at) IN (SELECT b.id, b.valid_to FROM edgemirror.database_connection_past b WHERE b.edge_connection_id = ANY ($1::uuid[]))
 ORDER BY d.id
   FOR UPDATE
