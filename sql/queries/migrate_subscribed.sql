-- The subscriptions whose workers write tables of the schema now: the statements that hold off those that are enabled, and the names of those that are disabled, whose
-- workers end as soon as they notice; null: none. Before PostgreSQL 14 not everybody may read pg_subscription.oid, so a subscription is found by its name.
SELECT string_agg(DISTINCT format('ALTER SUBSCRIPTION %I DISABLE;', s.subname), ' ') FILTER (WHERE p.subenabled) AS disable,
       string_agg(DISTINCT quote_ident(s.subname), ', ') FILTER (WHERE NOT p.subenabled) AS disabled
  FROM pg_stat_subscription s
  JOIN pg_subscription p ON p.subname = s.subname
  JOIN pg_database d ON d.oid = p.subdbid AND d.datname = current_database()
 WHERE s.pid IS NOT NULL
   AND EXISTS (SELECT FROM pg_subscription_rel r JOIN pg_class c ON c.oid = r.srrelid JOIN pg_namespace n ON n.oid = c.relnamespace
                WHERE r.srsubid = s.subid AND n.nspname = 'edgemirror')
