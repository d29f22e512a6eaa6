-- What a role that may create things in some schema can lay out for whoever has that schema in its search_path: beside everything that the SQL of edgemirror
-- names, something of the same name for other types, for which it would be the better match, or for the same ones, if the schema comes first. Whatever of it
-- is ever run says so in the server's log. The test puts in the schema, and the SQL as one text.
DO $hostile$
DECLARE
    place CONSTANT name := $SCHEMA;
    sql CONSTANT text := $TEXT;
    types CONSTANT text[] := ARRAY['text', 'integer', 'bigint', 'numeric', 'uuid', 'boolean', 'timestamptz', 'interval', 'name', 'text[]', 'uuid[]', 'anyelement'];
    o record;
    a text;
    b text;
    result text;
BEGIN
    PERFORM set_config('search_path', 'pg_catalog', true);
    PERFORM set_config('client_min_messages', 'error', true);
    EXECUTE format('CREATE FUNCTION %I.snap(what text) RETURNS boolean LANGUAGE plpgsql AS $$BEGIN RAISE LOG ''HOSTILE %s %%'', what; RETURN true; END$$', place, place);
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO PUBLIC', place);

    -- Functions and aggregates, by the names that stand before a parenthesis.
    FOR o IN SELECT DISTINCT p.proname, p.prokind, p.pronargs, p.prorettype, p.proretset,
                    CASE WHEN t.typtype = 'p' THEN 'text' ELSE format_type(p.prorettype, NULL) END AS returns
               FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace JOIN pg_type t ON t.oid = p.prorettype
              WHERE n.nspname IN ('pg_catalog', 'edgemirror') AND p.prokind IN ('f', 'a') AND p.pronargs <= 4 AND p.prorettype <> 'trigger'::regtype
                AND p.proname::text IN (SELECT lower(m[1]) FROM regexp_matches(sql, '([a-z_][a-z0-9_]*)\s*\(', 'gi') m)
    LOOP
        FOREACH a IN ARRAY types LOOP
            FOREACH b IN ARRAY CASE WHEN o.pronargs >= 2 THEN types ELSE ARRAY[a] END LOOP
                BEGIN
                    EXECUTE format('CREATE FUNCTION %I.%I(%s) RETURNS %s LANGUAGE plpgsql AS $$BEGIN RAISE LOG ''HOSTILE %s %s''; RETURN NULL; END$$',
                                   place, o.proname,
                                   CASE o.pronargs WHEN 0 THEN '' WHEN 1 THEN a WHEN 2 THEN a || ', ' || b WHEN 3 THEN a || ', ' || b || ', ' || b
                                        ELSE a || ', ' || b || ', ' || b || ', ' || b END,
                                   o.returns, place, o.proname);
                EXCEPTION WHEN duplicate_function OR invalid_function_definition OR feature_not_supported OR undefined_object THEN NULL;
                END;
            END LOOP;
        END LOOP;
        BEGIN
            EXECUTE format('CREATE FUNCTION %I.%I(VARIADIC anyarray) RETURNS %s LANGUAGE plpgsql AS $$BEGIN RAISE LOG ''HOSTILE %s %s''; RETURN NULL; END$$',
                           place, o.proname, o.returns, place, o.proname);
        EXCEPTION WHEN duplicate_function OR invalid_function_definition OR feature_not_supported OR undefined_object THEN NULL;
        END;
    END LOOP;
    -- The very same signatures.
    FOR o IN SELECT DISTINCT p.proname, oidvectortypes(p.proargtypes) AS arguments, format_type(p.prorettype, NULL) AS returns
               FROM pg_proc p
              WHERE p.pronamespace = 'pg_catalog'::regnamespace AND p.prokind IN ('f', 'a') AND p.prorettype NOT IN ('trigger'::regtype, 'internal'::regtype)
                AND p.proname::text IN (SELECT lower(m[1]) FROM regexp_matches(sql, '([a-z_][a-z0-9_]*)\s*\(', 'gi') m)
    LOOP
        BEGIN
            EXECUTE format('CREATE FUNCTION %I.%I(%s) RETURNS %s LANGUAGE plpgsql AS $$BEGIN RAISE LOG ''HOSTILE %s %s''; RETURN NULL; END$$',
                           place, o.proname, o.arguments, o.returns, place, o.proname);
        EXCEPTION WHEN duplicate_function OR invalid_function_definition OR feature_not_supported OR undefined_object OR syntax_error THEN NULL;
        END;
    END LOOP;

    -- Operators, by the signs.
    FOR o IN SELECT DISTINCT p.oprname, format_type(p.oprresult, NULL) = 'boolean' AS is_test
               FROM pg_operator p
              WHERE p.oprnamespace = 'pg_catalog'::regnamespace AND p.oprkind = 'b'
                AND p.oprname::text IN (SELECT m[1] FROM regexp_matches(sql, '([-+*/<>=~!@#%^&|`?]+)', 'g') m UNION SELECT '~~' UNION SELECT '!~~')
    LOOP
        FOREACH a IN ARRAY types LOOP
            FOREACH b IN ARRAY types LOOP
                result := CASE WHEN o.is_test THEN 'boolean' ELSE a END;
                BEGIN
                    EXECUTE format('CREATE FUNCTION %I.%I(%s, %s) RETURNS %s LANGUAGE plpgsql AS $$BEGIN RAISE LOG ''HOSTILE %s %s''; RETURN NULL; END$$',
                                   place, 'op_' || encode(o.oprname::text::bytea, 'hex') || o.is_test, a, b, result, place, replace(o.oprname::text, '%', '%%'));
                    EXECUTE format('CREATE OPERATOR %I.%s (LEFTARG = %s, RIGHTARG = %s, FUNCTION = %I.%I)', place, o.oprname, a, b, place,
                                   'op_' || encode(o.oprname::text::bytea, 'hex') || o.is_test);
                EXCEPTION WHEN duplicate_function OR invalid_function_definition OR feature_not_supported OR undefined_object THEN NULL;
                END;
            END LOOP;
        END LOOP;
    END LOOP;

    -- Types and relations, by all words: they count where the schema comes before pg_catalog. A domain is checked, and a view filtered, by what says so.
    FOR o IN SELECT DISTINCT t.typname FROM pg_type t
              WHERE t.typnamespace = 'pg_catalog'::regnamespace AND t.typtype = 'b' AND t.typelem = 0
                AND t.typname::text IN (SELECT lower(m[1]) FROM regexp_matches(sql, '([a-z_][a-z0-9_]*)', 'gi') m)
    LOOP
        EXECUTE format('CREATE DOMAIN %I.%I AS pg_catalog.%I CHECK (%I.snap(%L))', place, o.typname, o.typname, place, 'type ' || o.typname);
    END LOOP;
    -- A view cannot have a column of a pseudo-type (pg_attribute.attmissingval).
    FOR o IN SELECT n.nspname, c.relname,
                    (SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
                      WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND t.typtype <> 'p') AS columns
               FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
              WHERE n.nspname IN ('pg_catalog') AND c.relkind IN ('r', 'v') AND c.relname NOT IN ('pg_authid', 'pg_shadow', 'pg_statistic', 'pg_user_mapping')
                AND has_table_privilege(c.oid, 'SELECT')
                AND c.relname::text IN (SELECT lower(m[1]) FROM regexp_matches(sql, '([a-z_][a-z0-9_]*)', 'gi') m)
    LOOP
        EXECUTE format('CREATE VIEW %I.%I AS SELECT %s FROM %I.%I WHERE %I.snap(%L)', place, o.relname, o.columns, o.nspname, o.relname, place, 'relation ' || o.relname);
        EXECUTE format('GRANT SELECT ON %I.%I TO PUBLIC', place, o.relname);
    END LOOP;
END
$hostile$;
