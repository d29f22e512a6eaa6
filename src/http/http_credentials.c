#include "http/http_credentials.h"
#include "base/base64.h"
#include "http/client_certificate.h"
#include <stdio.h>
#include <string.h>

void http_credentials_init(HttpCredentials *c, const HttpClientOptions *options)
{
        *c = (HttpCredentials){.options = options};
}

void http_credentials_done(HttpCredentials *c)
{
        text_wipe(&c->proxy_line);
        text_wipe(&c->certificate);
        text_wipe(&c->key);
        *c = (HttpCredentials){0};
}

/* Moves *fresh to *to when it is another one. */
static bool text_replace(Text *to, Text *fresh)
{
        if (text_equal(to->data, fresh->data))
                return false;
        text_wipe(to);
        *to = TAKE(*fresh);
        return true;
}

static int credentials_failed(char *unread, size_t size, const Fault *fault, int r)
{
        (void)snprintf(unread, size,
                       "; what is on disk now cannot be used and was not sent: %.400s",
                       fault->message);
        return r;
}

int http_credentials_reload_proxy(HttpCredentials *c, Fault *ret_fault)
{
        _cleanup_(text_wipe) Text password = {0}, line = {0};
        if (!c->options->proxy_username)
                return 0;
        c->proxy_unread[0] = '\0';
        int r = c->options->load_proxy_password(c->options->load_userdata, &password, ret_fault);
        if (r >= 0 && (text_append_string(&line, "Proxy-Authorization: Basic ") < 0 ||
                       base64_credentials(c->options->proxy_username, password.data, &line) < 0))
                r = fault_no_memory(ret_fault);
        if (r < 0)
                return credentials_failed(c->proxy_unread, sizeof(c->proxy_unread), ret_fault, r);
        if (!text_replace(&c->proxy_line, &line))
                return 0;
        c->proxy_generation++;
        c->proxy_accepted = false;
        return 1;
}

int http_credentials_reload_certificate(HttpCredentials *c, Fault *ret_fault)
{
        _cleanup_(text_wipe) Text certificate = {0}, key = {0};
        if (!c->options->load_certificate)
                return 0;
        c->certificate_unread[0] = '\0';
        int r = c->options->load_certificate(c->options->load_userdata, &certificate, &key,
                                             ret_fault);
        bool same = r >= 0 && text_equal(c->certificate.data, certificate.data) &&
                    text_equal(c->key.data, key.data);
        if (same)
                return 0;
        /* Also what is half replaced. */
        if (r >= 0)
                r = client_certificate_check(certificate.data, key.data, NULL, ret_fault);
        if (r < 0)
                return credentials_failed(c->certificate_unread, sizeof(c->certificate_unread),
                                          ret_fault, r);
        (void)text_replace(&c->certificate, &certificate);
        (void)text_replace(&c->key, &key);
        return 1;
}

bool http_credentials_in_doubt(const HttpCredentials *c)
{
        return c->proxy_line.size > 0 && !c->proxy_accepted;
}
