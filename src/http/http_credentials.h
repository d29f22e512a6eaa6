/*
 * http_credentials: what this machine shows beside the requests themselves: to the proxy a
 * password, in TLS a client certificate. Read, kept, compared and wiped here.
 *
 * Private to src/http. Zero-initialised it has none.
 */
#pragma once

#include "base/text.h"
#include "http/http.h"

typedef struct HttpCredentials {
        const HttpClientOptions *options;
        Text proxy_line; /* "Proxy-Authorization: Basic …"; empty: nothing is sent */
        /* rises with every other password */
        unsigned proxy_generation;
        bool proxy_accepted; /* it has let something through with this password */
        Text certificate, key;
        /* why what is on disk now cannot be used; "": it can */
        char proxy_unread[600], certificate_unread[600];
} HttpCredentials;

void http_credentials_init(HttpCredentials *c, const HttpClientOptions *options); /* borrows them */
void http_credentials_done(HttpCredentials *c);                                   /* wipes */

/* Each reads what is on disk. 1: other than before, and used from now on; 0: the same, or there is
 * no loader. Negative errno and a filled Fault when it cannot be used: what was before stays. */
int http_credentials_reload_proxy(HttpCredentials *c, Fault *ret_fault);
int http_credentials_reload_certificate(HttpCredentials *c, Fault *ret_fault);

/* Whether the proxy may refuse what is sent to it: then one request alone finds out. */
bool http_credentials_in_doubt(const HttpCredentials *c);
