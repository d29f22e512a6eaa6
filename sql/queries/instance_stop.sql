-- An instance that is stopped in order. Its edges stay enabled until it counts as dead for others, so that a restart disables none. $1 id.
UPDATE edgemirror.instance
   SET stopped_at = clock_timestamp(), seen_at = clock_timestamp(), waiting_for = NULL, waiting_message = NULL, waiting_since = NULL
 WHERE instance_id = $1::uuid
