/*
 * draft: what the files say, before it is put together.
 *
 * Gathered first and assembled afterwards, because [defaults] hold for every edge wherever they
 * stand.
 */
#pragma once

#include "config/option.h"
#include "config/problems.h"

/* One "key = value". */
typedef struct DraftSetting {
        const Option *option;
        char *value;
        Place place;
} DraftSetting;

/* One [edge "name"]; its settings follow each other in Draft.edge_settings. */
typedef struct DraftEdge {
        char *name;
        Place place;
        size_t first, n;
} DraftEdge;

typedef struct Draft {
        char **files;
        size_t n_files;
        bool edges_optional;    /* no section of an edge is fine */
        bool postgres_optional; /* nor is anything of [postgres] needed */
        /* a file could not be read: what is missing may stand there */
        bool unreadable;
        int read_error;                  /* the first one's errno, negative */
        Place sections[OPTION_SECTIONS]; /* the first header of each; line 0: none */
        DraftSetting *settings;          /* outside of edges, in order */
        size_t n_settings;
        DraftSetting *edge_settings;
        size_t n_edge_settings;
        DraftEdge *edges;
        size_t n_edges;
        Problems problems, warnings;
} Draft;

/* Reads FILE and FILE.d/ *.conf. Everything wrong goes into the draft's problems; -ENOMEM only is
 * returned. */
int draft_read(Draft *d, const char *file);
int draft_read_directory(Draft *d, const char *file); /* FILE.d/ *.conf alone */
void draft_done(Draft *d);

/* Adds a setting that stands in no file; `name` is where it comes from, for messages. -ENOMEM only
 * is returned. */
int draft_take(Draft *d, OptionSection section, const char *name, const char *key,
               const char *value);

/* The configuration of a draft, or its problems, as config_load has them. */
int draft_finish(Draft *d, Config **ret, Text *errors);

/* The checks that need more than one setting. */
void draft_check_catalog(Draft *d, const Config *config);
void draft_check_way(Draft *d, const Config *config);
void draft_check_monitor(Draft *d, const Config *config);
void draft_check_postgres(Draft *d, const Config *config);
void draft_check_required(Draft *d, OptionSection section, const bool *present);
void draft_check_polling(Draft *d, const PollingLimits *polling, Place place);
int draft_check_edges_unique(Draft *d, const Config *config);
