-- The Edge connections that were discovered and are mirrored, as the last complete answer of the catalog left them.
SELECT edge_connection_id, name, catalog_name FROM edgemirror.edge WHERE origin = 'discovered' AND enabled ORDER BY edge_connection_id
