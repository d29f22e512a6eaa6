-- The subscriptions that write tables of the schema now.
SELECT string_agg(format('ALTER SUBSCRIPTION %I DISABLE;', s.subname), ' ')
  FROM pg_subscription s
 WHERE s.subenabled
   AND EXISTS (SELECT FROM pg_subscription_rel r JOIN pg_class c ON c.oid = r.srrelid JOIN pg_namespace n ON n.oid = c.relnamespace
                WHERE r.srsubid = s.oid AND n.nspname = 'edgemirror')
