/*
 * auth: basic and bearer.
 */
#include "catalogd/auth.h"

#include "base/cleanup.h"
#include "base/text.h"
#include <stdlib.h>
#include <string.h>

#define BASIC  "basic:"
#define BEARER "bearer:"

static void cleanup_mhd(char **p)
{
        if (*p)
                MHD_free(*p);
}

bool auth_valid(const char *auth)
{
        if (!auth || text_equal(auth, "none"))
                return true;
        if (text_starts_with(auth, BASIC))
                return strchr(auth + strlen(BASIC), ':') != NULL;
        return text_starts_with(auth, BEARER) && auth[strlen(BEARER)];
}

static bool basic_equals(const char *auth, struct MHD_Connection *connection)
{
        _cleanup_(cleanup_mhd) char *password = NULL;
        _cleanup_(cleanup_mhd) char *user =
                MHD_basic_auth_get_username_password(connection, &password);
        const char *wanted = auth + strlen(BASIC), *colon = strchr(wanted, ':');
        size_t size = (size_t)(colon - wanted);

        return user && password && strlen(user) == size && strncmp(user, wanted, size) == 0 &&
               strcmp(password, colon + 1) == 0;
}

static bool bearer_equals(const char *auth, struct MHD_Connection *connection)
{
        const char *header = MHD_lookup_connection_value(connection, MHD_HEADER_KIND,
                                                         MHD_HTTP_HEADER_AUTHORIZATION);

        return header && text_starts_with(header, "Bearer ") &&
               strcmp(header + strlen("Bearer "), auth + strlen(BEARER)) == 0;
}

bool auth_check(const Site *site, struct MHD_Connection *connection, Answer *answer)
{
        const char *auth = site->settings.auth;

        if (!auth || text_equal(auth, "none"))
                return true;
        if (text_starts_with(auth, BASIC) ? basic_equals(auth, connection)
                                          : bearer_equals(auth, connection))
                return true;
        if (site->previous_auth && text_starts_with(site->previous_auth, BEARER) &&
            bearer_equals(site->previous_auth, connection))
                (void)answer_set_problem(answer, MHD_HTTP_UNAUTHORIZED, "expiredToken",
                                         "The token has expired.");
        else
                (void)answer_set_problem(answer, MHD_HTTP_UNAUTHORIZED, NULL,
                                         "The credentials are not valid.");
        return false;
}
