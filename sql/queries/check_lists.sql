-- The longest list that was seen of an edge: its name, and how many rows it had. Of no edge: no row.
SELECT e.name, e.row_count FROM edgemirror.edge e WHERE e.row_count IS NOT NULL ORDER BY e.row_count DESC, e.name LIMIT 1
