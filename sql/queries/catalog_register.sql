-- The first catalog that is registered is the one; of two at once, the second waits for the first. $1 url.
INSERT INTO edgemirror.catalog (url) VALUES ($1::text) ON CONFLICT DO NOTHING
