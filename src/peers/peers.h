/*
 * peers: the parts that speak to the outside, put together as a configuration says.
 *
 * Knows how long a connection, a statement or a lock may take, and how secrets reach the parts.
 * Opens no connection: the first use does.
 */
#pragma once

#include "catalog/catalog.h"
#include "config/config.h"
#include "mirror/mirror.h"
#include <systemd/sd-event.h>

typedef struct Peers {
        Config *config; /* a reference of its own: the parts read secrets by it */
        HttpClient *http;
        Catalog *catalog;
        PgPool *pool;
        Mirror *mirror;
        /* said before the mirror is opened: a server that takes no writes will do */
        bool only_reads;
} Peers;

/* Each opens one side; `w` is zeroed before the first. The files that the configuration names are
 * opened once, so that what is wrong with them is heard at once, and again whenever the parts need
 * them: what is changed on disk is picked up. Negative errno and a filled Fault; close what is
 * there by peers_close. */
int peers_open_mirror(Peers *w, sd_event *event, Config *config, Fault *ret_fault);
int peers_open_catalog(Peers *w, sd_event *event, Config *config, Fault *ret_fault);

/* Cancels all that is under way on the parts. */
void peers_close(Peers *w);
