/*
 * auth: is this request from the one account that the catalog knows? And the tokens that it gives.
 */
#pragma once

#include "catalogd/answer.h"
#include "catalogd/site.h"

/* True: yes, or none is needed. False: `answer` is a 401 with the body of the reference; an earlier
 * bearer token is told to be expired. */
bool auth_check(const Site *site, struct MHD_Connection *connection, Answer *answer);

/* The token endpoint, for auth = oauth2. -ENOMEM. */
int auth_answer_token(Site *site, struct MHD_Connection *connection, const Text *form,
                      Answer *answer);

/* is it one of the forms that settings.h names? NULL is "none" */
bool auth_valid(const char *auth);
