-- The statements that hold off the subscriptions which write tables of the schema now; null: none does. pg_subscription itself is not for everybody before
-- PostgreSQL 14.
SELECT string_agg(DISTINCT format('ALTER SUBSCRIPTION %I DISABLE;', s.subname), ' ')
  FROM pg_stat_subscription s
 WHERE s.pid IS NOT NULL
   AND EXISTS (SELECT FROM pg_subscription_rel r JOIN pg_class c ON c.oid = r.srrelid JOIN pg_namespace n ON n.oid = c.relnamespace
                WHERE r.srsubid = s.subid AND n.nspname = 'edgemirror')
