/*
 * names: names of edges and databases as a company would have them, drawn from the seed.
 */
#pragma once

#include <stdint.h>

/* "snowflake-prod"; NULL: no memory. The caller frees. */
char *names_draw_edge(uint64_t seed, uint64_t edge);
char *names_draw_database(uint64_t seed, uint64_t edge, uint64_t row);
