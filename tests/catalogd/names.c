/*
 * names: words put together; nothing here remembers what it drew.
 *
 * Edge names are unique (the number joins from the second round on); database names are not, as in
 * life: the same name occurs at many sources.
 */
#include "catalogd/names.h"

#include "base/cleanup.h"
#include "catalogd/random.h"
#include <inttypes.h>
#include <stdio.h>

static const char *const systems[] = {"snowflake", "postgres",   "oracle", "sqlserver",
                                      "redshift",  "databricks", "mysql",  "teradata"};
static const char *const stages[] = {"prod", "staging", "eu", "us"};

static const char *const subjects[] = {
        "sales", "finance",   "customer",    "orders",  "inventory", "billing",       "claims",
        "risk",  "marketing", "hr",          "payroll", "logistics", "web_analytics", "telemetry",
        "fraud", "loyalty",   "procurement", "pricing", "support",   "manufacturing",
};
static const char *const layers[] = {"raw",  "landing", "staging", "core", "dwh",
                                     "mart", "archive", "sandbox", "lake", "ods"};
static const char *const places[] = {"", "_eu", "_us", "_apac", "_be", "_de", "_uk", "_global"};

char *names_draw_edge(uint64_t seed, uint64_t edge)
{
        const uint64_t n_systems = ARRAY_SIZE(systems), n_names = n_systems * ARRAY_SIZE(stages);
        uint64_t round = edge / n_names, i = (edge + seed) % n_names;
        char *name = NULL;
        int n;

        if (round == 0)
                n = asprintf(&name, "%s-%s", systems[i % n_systems], stages[i / n_systems]);
        else
                n = asprintf(&name, "%s-%s-%02" PRIu64, systems[i % n_systems],
                             stages[i / n_systems], round + 1);
        return n < 0 ? NULL : name;
}

char *names_draw_database(uint64_t seed, uint64_t edge, uint64_t row)
{
        uint64_t state = seed ^ (edge << 32) ^ row;
        const char *subject = subjects[random_below(&state, ARRAY_SIZE(subjects))];
        const char *layer = layers[random_below(&state, ARRAY_SIZE(layers))];
        const char *place = places[random_below(&state, ARRAY_SIZE(places))];
        char *name = NULL;
        int n = asprintf(&name, "%s_%s%s_%03" PRIu64, subject, layer, place, row + 1);

        if (n < 0)
                return NULL;
        if (random_below(&state, 4) == 0) /* some sources fold to upper case */
                for (char *p = name; *p; p++)
                        if (*p >= 'a' && *p <= 'z')
                                *p = (char)(*p - 'a' + 'A');
        return name;
}
