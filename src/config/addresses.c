/*
 * addresses: the kinds of values that say where to go and how to sign in: the catalog's URL, the
 * authentication, the connection string.
 *
 * libcurl and libpq judge their own forms, so that what passes here is what they will use. What
 * libpq says of a bad string is not repeated: it quotes pieces of it, and a piece may be a
 * password.
 */
#include "base/limits.h"
#include "base/listen_address.h"
#include "base/text.h"
#include "config/config.h"
#include "config/option.h"
#include "config/secret.h"
#include <arpa/inet.h>
#include <ctype.h>
#include <curl/curl.h>
#include <errno.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

DEFINE_CLEANUP(CURLU, url, curl_url_cleanup)
DEFINE_CLEANUP(char, part, curl_free)

static bool host_is_loopback(const char *host)
{
        struct in_addr a;
        return strcasecmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0 ||
               (inet_pton(AF_INET, host, &a) == 1 && ntohl(a.s_addr) >> 24 == 127);
}

/* What must not be in the URL, seen in the text itself: libcurl does not report an empty query or
 * user. */
static const char *url_complaint(const char *value, bool of_proxy)
{
        const char *authority = strstr(value, "://");
        if (strlen(value) > LIMIT_URL_MAX_BYTES / 2)
                return "the address is too long";
        if (!authority)
                return of_proxy ? "the address lacks http:// or https://"
                                : "the address lacks https://";
        authority += 3;
        if (memchr(authority, '@', strcspn(authority, "/?#")))
                return of_proxy ? "the address holds a user name; use proxy_username and "
                                  "proxy_password_file"
                                : "the address holds a user name; use username and password_file";
        if (strpbrk(value, "?#"))
                return "the address holds a query or a fragment";
        return NULL;
}

/* Other clients take the address of an API. What is below the url is ours to know; NULL: nothing of
 * that is in the path. */
static const char *path_api_complaint(const char *path)
{
        static const struct {
                const char *path, *complaint;
        } apis[] = {
#define DROP(path_)                                                                                \
        {path_,                                                                                    \
         "drop \"" path_ "\" and all behind it: the paths of the API are added by this program"}
                DROP("/rest/catalogDatabase"),
                DROP("/rest/jobs"),
                DROP("/rest/oauth"),
                DROP("/rest/2.0"),
                DROP("/rest/1.0"),
                DROP("/edge/api"),
                DROP("/graphql"),
                DROP("/rest"),
#undef DROP
        };
        for (size_t i = 0; i < ARRAY_SIZE(apis); i++) {
                const char *at = strstr(path, apis[i].path);
                const char *end = at ? at + strlen(apis[i].path) : "";
                bool last =
                        strcmp(apis[i].path, "/rest") == 0 || strcmp(apis[i].path, "/graphql") == 0;
                if (at && (last ? end[strspn(end, "/")] == '\0' : *end == '/' || *end == '\0'))
                        return apis[i].complaint;
        }
        return NULL;
}

/* Makes the host lower case. NULL: no memory. */
static char *url_build(const char *scheme, char *host, const char *port, const char *path)
{
        size_t path_size = strlen(path);
        while (path_size > 0 && path[path_size - 1] == '/')
                path_size--;

        for (char *c = host; *c; c++)
                *c = (char)tolower((unsigned char)*c);
        return text_format("%s://%s%s%s%.*s", scheme, host, port ? ":" : "", port ? port : "",
                           (int)path_size, path);
}

typedef struct Address {
        char *scheme, *host, *port, *path; /* port: NULL when it is not written */
} Address;

static void cleanup_address(Address *a)
{
        curl_free(a->scheme);
        curl_free(a->host);
        curl_free(a->port);
        curl_free(a->path);
}

/* A part that need not be there: NULL. Want of memory is not its absence. */
static CURLUcode address_part(CURLU *u, CURLUPart part, CURLUcode absent, char **ret)
{
        CURLUcode c = curl_url_get(u, part, ret, 0);
        return c == absent ? CURLUE_OK : c;
}

/* Without user, query and fragment, and of http or https. */
static int address_split(const char *value, bool of_proxy, OptionContext *context, Address *ret)
{
        _cleanup_(cleanup_part) char *zone = NULL;
        const char *complaint = url_complaint(value, of_proxy);
        if (complaint)
                return option_refuse(context, "%s", complaint);
        _cleanup_(cleanup_url) CURLU *u = curl_url();
        if (!u)
                return -ENOMEM;
        CURLUcode c = curl_url_set(u, CURLUPART_URL, value, CURLU_NON_SUPPORT_SCHEME);
        if (c == CURLUE_OK)
                c = curl_url_get(u, CURLUPART_SCHEME, &ret->scheme, 0);
        if (c == CURLUE_OK)
                c = curl_url_get(u, CURLUPART_HOST, &ret->host, 0);
        if (c == CURLUE_OK)
                c = curl_url_get(u, CURLUPART_PATH, &ret->path, 0);
        if (c == CURLUE_OK)
                c = address_part(u, CURLUPART_PORT, CURLUE_NO_PORT, &ret->port);
        if (c == CURLUE_OK)
                c = address_part(u, CURLUPART_ZONEID, CURLUE_NO_ZONEID, &zone);
        if (c == CURLUE_OUT_OF_MEMORY)
                return -ENOMEM;
        if (c != CURLUE_OK)
                return option_refuse(context, "not a URL");
        if (text_equal(ret->port, "0"))
                return option_refuse(context, "port 0 cannot be connected to");
        /* libcurl gives the host without it: what is connected to would be another address. */
        if (zone)
                return option_refuse(context,
                                     "the address holds a zone (%%), which is not supported");
        if (strcasecmp(ret->scheme, "http") != 0 && strcasecmp(ret->scheme, "https") != 0)
                return option_refuse(context, "neither https nor http");
        return 0;
}

/* https, or http to loopback, without user, query and fragment; `bars_api`: and without what this
 * program adds. Scheme and host lower case, no slash at the end. */
static int parse_address(const char *value, bool bars_api, OptionContext *context, char **ret,
                         bool *ret_plain_http)
{
        _cleanup_(cleanup_address) Address a = {0};
        int r = address_split(value, false, context, &a);
        if (r < 0)
                return r;
        bool plain_http = strcasecmp(a.scheme, "http") == 0;
        if (plain_http && !host_is_loopback(a.host))
                return option_refuse(
                        context, "http would send the password in the clear to another machine");
        const char *complaint = bars_api ? path_api_complaint(a.path) : NULL;
        if (complaint)
                return option_refuse(context, "%s", complaint);

        char *url = url_build(plain_http ? "http" : "https", a.host, a.port, a.path);
        if (!url)
                return -ENOMEM;
        free(*ret);
        *ret = url;
        *ret_plain_http = plain_http;
        return 0;
}

static int parse_url(const Option *o _unused_, void *object, const char *value,
                     OptionContext *context)
{
        ConfigCatalog *catalog = &((Config *)object)->catalog;
        return parse_address(value, true, context, &catalog->url, &catalog->plain_http);
}

static int parse_token_url(const Option *o _unused_, void *object, const char *value,
                           OptionContext *context)
{
        ConfigCatalog *catalog = &((Config *)object)->catalog;
        return parse_address(value, false, context, &catalog->token_url,
                             &catalog->token_plain_http);
}

/* Its port is written: for want of one, libcurl takes 1080, which nobody expects. */
static int parse_proxy(const Option *o, void *object, const char *value, OptionContext *context)
{
        char **field = (char **)(void *)((char *)object + o->offset);
        _cleanup_(cleanup_address) Address a = {0};
        if (o->section == OPTION_NOTIFY && strchr(value, '@'))
                return option_refuse(context, "the address holds a user name; a proxy that wants a "
                                              "password cannot be used for messages");
        int r = address_split(value, true, context, &a);
        if (r < 0)
                return r;
        if (!a.port)
                return option_refuse(context, "the port is missing");
        if (strcmp(a.path, "/") != 0)
                return option_refuse(context, "a proxy has no path");
        char *url =
                url_build(strcasecmp(a.scheme, "http") == 0 ? "http" : "https", a.host, a.port, "");
        if (!url)
                return -ENOMEM;
        free(*field);
        *field = url;
        return 0;
}

/* The value may hold a password (https://user:password@host): it is not repeated. */
const OptionKind option_kind_url = {
        .is_string = true,
        .accepted = "https://HOST, or http to a loopback address (127.0.0.0/8, [::1], localhost)",
        .is_private = true,
        .parse = parse_url,
};

const OptionKind option_kind_token_url = {
        .is_string = true,
        .accepted =
                "https://HOST/PATH, or http to a loopback address (127.0.0.0/8, [::1], localhost)",
        .is_private = true,
        .parse = parse_token_url,
};

const OptionKind option_kind_proxy = {
        .is_string = true,
        .accepted = "http://HOST:PORT or https://HOST:PORT",
        .is_private = true,
        .parse = parse_proxy,
};

DEFINE_CLEANUP(PQconninfoOption, conninfo, PQconninfoFree)

/* libpq opens it as it stands, and says in its errors what it could not find: a password in it
 * would be shown. */
static bool is_connection_string(const char *dbname)
{
        return strncmp(dbname, "postgresql://", 13) == 0 ||
               strncmp(dbname, "postgres://", 11) == 0 || strchr(dbname, '=');
}

static int parse_conninfo(const Option *o, void *object, const char *value, OptionContext *context)
{
        char *message = NULL;
        _cleanup_(cleanup_conninfo) PQconninfoOption *options = PQconninfoParse(value, &message);
        bool no_memory = !options && (!message || strstr(message, "out of memory"));
        if (message)
                PQfreemem(message);
        if (no_memory)
                return -ENOMEM;
        if (!options)
                return option_refuse(context, "libpq does not understand it (a word without \"=\", "
                                              "an unknown keyword, an open quote?)");
        for (const PQconninfoOption *i = options; i->keyword; i++) {
                if (!i->val || i->val[0] == '\0')
                        continue;
                if (strcmp(i->keyword, "password") == 0)
                        return option_refuse(context, "it holds a password; write that to a file "
                                                      "and name it with password_file");
                if (strcmp(i->keyword, "dbname") == 0 && is_connection_string(i->val))
                        return option_refuse(
                                context,
                                "dbname is the name of a database, and a connection string stands "
                                "there; write its words into conninfo itself");
                /* a server that takes no writes, where there is one */
                if (strcmp(i->keyword, "target_session_attrs") == 0 &&
                    (strstr(i->val, "standby") || strcmp(i->val, "read-only") == 0))
                        return option_refuse(
                                context, "its target_session_attrs looks for a server that takes "
                                         "no writes, and a sync must write; leave it out: then the "
                                         "primary among the hosts is found, and status and verify "
                                         "read a standby where none is there");
                if (i->dispchar[0] == '*')
                        return option_refuse(context,
                                             "it holds a secret (the passphrase of a key); use a "
                                             "key without one that only the service can read");
        }

        return option_set_string(o, object, value);
}

const OptionKind option_kind_conninfo = {
        .is_string = true,
        .accepted = "KEYWORD=VALUE … or postgresql://… as libpq takes it, without a password",
        .is_private = true,
        .parse = parse_conninfo,
};

static const char *conninfo_value(const PQconninfoOption *options, const char *keyword,
                                  const char *variable)
{
        for (const PQconninfoOption *o = options; o->keyword; o++)
                if (strcmp(o->keyword, keyword) == 0 && o->val)
                        return o->val;
        const char *value = variable ? getenv(variable) : NULL;
        return value ? value : "";
}

/* A list with commas, as libpq has it; a path is a socket of this host. */
static bool hosts_hold_another(const char *hosts)
{
        char host[256];
        while (*hosts) {
                size_t size = strcspn(hosts, ",");
                (void)snprintf(host, sizeof(host), "%.*s", (int)size, hosts);
                if (host[0] && host[0] != '/' && host[0] != '@' && strcmp(host, "::1") != 0 &&
                    !host_is_loopback(host))
                        return true;
                hosts += size + (hosts[size] == ',');
        }
        return false;
}

/* libpq finds passwords in places of its own (PGPASSWORD, ~/.pgpass), now or later: so this does
 * not ask whether there is one. */
bool conninfo_leaves_encryption_open(const char *conninfo)
{
        _cleanup_(cleanup_conninfo) PQconninfoOption *options = PQconninfoParse(conninfo, NULL);
        if (!options)
                return false;
        const char *addresses = conninfo_value(options, "hostaddr", "PGHOSTADDR");
        bool another =
                hosts_hold_another(addresses[0] ? addresses
                                                : conninfo_value(options, "host", "PGHOST")) ||
                /* its file may name one, now or later */
                conninfo_value(options, "service", "PGSERVICE")[0] != '\0';
        bool decided = conninfo_value(options, "sslmode", "PGSSLMODE")[0] != '\0';
        return another && !decided;
}

static int parse_listen(const Option *o, void *object, const char *value, OptionContext *context)
{
        ListenAddress a;
        int r = listen_address_parse(value, &a);
        if (r == -ENAMETOOLONG)
                return option_refuse(context, "the path is too long for a socket (107 bytes)");
        if (r < 0)
                return option_refuse(context, "neither an address with a port nor a path");
        return option_set_string(o, object, value);
}

const OptionKind option_kind_listen = {
        .is_string = true,
        .accepted = "an address and a port like 127.0.0.1:9743 or [::1]:9743 (no names but "
                    "localhost), or the absolute path of a unix socket",
        .parse = parse_listen};

/* Its query is part of the secret, as all of it is: nothing of it is in the fault. */
int config_read_webhook(const ConfigNotify *notify, Text *ret_url, bool *ret_plain_http,
                        Fault *ret_fault)
{
        _cleanup_(text_wipe) Text url = {0};
        _cleanup_(cleanup_address) Address a = {0};
        _cleanup_(cleanup_part) char *user = NULL;
        int r = secret_read(notify->url_file, &url, ret_fault);
        if (r < 0) {
                fault_prefix(ret_fault, "url_file of [notify]: ");
                return r;
        }
        _cleanup_(cleanup_url) CURLU *u = curl_url();
        if (!u)
                return fault_no_memory(ret_fault);
        bool is_url = url.size <= LIMIT_URL_MAX_BYTES / 2 && strstr(url.data, "://") &&
                      curl_url_set(u, CURLUPART_URL, url.data, 0) == CURLUE_OK &&
                      curl_url_get(u, CURLUPART_SCHEME, &a.scheme, 0) == CURLUE_OK &&
                      curl_url_get(u, CURLUPART_HOST, &a.host, 0) == CURLUE_OK &&
                      curl_url_get(u, CURLUPART_USER, &user, 0) == CURLUE_NO_USER;
        bool plain = is_url && strcmp(a.scheme, "http") == 0;
        if (!is_url || (plain ? !host_is_loopback(a.host) : strcmp(a.scheme, "https") != 0))
                return fault_set(ret_fault, FAULT_PROCESS, EINVAL, CODE_SECRET_MALFORMED,
                                 "url_file of [notify]: %s does not hold an address "
                                 "https://HOST/PATH, or http to a loopback address, without a user",
                                 notify->url_file);
        *ret_url = TAKE(url);
        *ret_plain_http = plain;
        return 0;
}
