/*
 * What always holds: libcurl's callbacks count and store, and never call libcurl but to ask what it
 * knows. Whatever is not known for certain counts as sent.
 */
#include "http/http_transfer.h"
#include "base/clock.h"
#include "base/duration.h"
#include "base/limits.h"
#include "base/metric.h"
#include "http/retry_after.h"
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum {
        STATUS_MAX = 999,
        LOW_SPEED_BYTES_PER_SEC = 16,
        RECEIVE_BYTES = 32 * 1024, /* at once: a page of 500 rows has about 100 KiB */
        CA_CACHE_SEC = 10 * 60,    /* ca_file is read again after this */
};
#define LOW_SPEED_DEFAULT_USEC (60 * USEC_PER_SEC)

static size_t transfer_on_body(char *data, size_t one _unused_, size_t size, void *userdata)
{
        HttpTransfer *t = userdata;
        if (size > t->body_max_bytes - t->body.size)
                t->stop = HTTP_STOP_BODY;
        else if (text_append(&t->body, data, size) < 0)
                t->stop = HTTP_STOP_MEMORY;
        return t->stop == HTTP_STOP_NONE ? size : CURL_WRITEFUNC_ERROR;
}

static size_t transfer_on_header(char *data _unused_, size_t one _unused_, size_t size,
                                 void *userdata)
{
        HttpTransfer *t = userdata;
        t->headers_bytes += size;
        if (t->headers_bytes > LIMIT_HEADERS_MAX_BYTES)
                t->stop = HTTP_STOP_HEADERS;
        return t->stop == HTTP_STOP_NONE ? size : CURL_WRITEFUNC_ERROR;
}

/* The connection stands, through a proxy and TLS as it may be; now the request goes out. */
static int transfer_on_request(void *userdata, char *peer _unused_, char *own _unused_,
                               int peer_port _unused_, int own_port _unused_)
{
        HttpTransfer *t = userdata;
        if (t->may_send && !t->may_send(t->userdata)) {
                t->stop = HTTP_STOP_LATE;
                return CURL_PREREQFUNC_ABORT;
        }
        t->phase = HTTP_PHASE_SENT;
        t->on_request(t);
        return CURL_PREREQFUNC_OK;
}

/* Opens the socket in libcurl's place, so that want of descriptors can be told from a server that
 * is away, and that no child inherits it. A request that libcurl repeats on a second connection
 * stays sent: something has been seen. */
static curl_socket_t transfer_on_open(void *userdata, curlsocktype purpose _unused_,
                                      struct curl_sockaddr *address)
{
        HttpTransfer *t = userdata;
        if (t->phase != HTTP_PHASE_SENT)
                t->phase = HTTP_PHASE_CONNECT;
        int fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
        if (fd < 0) {
                t->socket_errno = errno;
                return CURL_SOCKET_BAD;
        }
        return fd;
}

/* Until TCP stands libcurl waits for its socket to take bytes, never for it to have some; before
 * there is a socket it is the resolver that is waited for. Times and ports do not tell:
 * libcurl 8.14 has none until TLS and proxy are done. */
void http_transfer_reading(HttpTransfer *t)
{
        if (t->phase == HTTP_PHASE_CONNECT)
                t->phase = HTTP_PHASE_TLS;
}

/* libcurl takes milliseconds up to INT_MAX. Rounded up: below a millisecond is not "no timeout". */
static long msec_from_usec(uint64_t usec)
{
        uint64_t msec = usec / USEC_PER_MSEC + (usec % USEC_PER_MSEC != 0);
        return msec < INT_MAX ? (long)msec : INT_MAX;
}

long http_low_speed_sec(const HttpClientOptions *options)
{
        uint64_t usec = options->low_speed_usec;
        if (usec == 0)
                usec = options->request_timeout_usec > LOW_SPEED_DEFAULT_USEC
                               ? options->request_timeout_usec
                               : LOW_SPEED_DEFAULT_USEC;
        uint64_t sec = usec / USEC_PER_SEC + (usec % USEC_PER_SEC != 0);
        return sec < INT_MAX ? (long)sec : INT_MAX;
}

#define SET(option, value)                                                                         \
        do {                                                                                       \
                CURLcode set_code = curl_easy_setopt(easy, option, value);                         \
                if (set_code != CURLE_OK)                                                          \
                        return set_code == CURLE_OUT_OF_MEMORY ? -ENOMEM : -EINVAL;                \
        } while (0)

static int transfer_set_limits(const HttpClientOptions *options, CURL *easy)
{
        SET(CURLOPT_PROTOCOLS_STR, options->allow_http && !options->proxy ? "http,https" : "https");
        SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
        SET(CURLOPT_FOLLOWLOCATION, 0L);
        SET(CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
        SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
        SET(CURLOPT_NOSIGNAL, 1L);
        SET(CURLOPT_BUFFERSIZE, (long)RECEIVE_BYTES);
        /* Without this libcurl waits, and the loop with it, until the resolver has answered a
         * request that timed out or was cancelled. The resolver's thread releases what it holds
         * when it ends. */
        SET(CURLOPT_QUICK_EXIT, 1L);
        SET(CURLOPT_CONNECTTIMEOUT_MS, msec_from_usec(options->connect_timeout_usec));
        SET(CURLOPT_TIMEOUT_MS, msec_from_usec(options->request_timeout_usec));
        SET(CURLOPT_LOW_SPEED_LIMIT, (long)LOW_SPEED_BYTES_PER_SEC);
        SET(CURLOPT_LOW_SPEED_TIME, http_low_speed_sec(options));
        /* Decodes whatever it can, asked for or not; what comes out is what transfer_on_body
         * counts. */
        SET(CURLOPT_ACCEPT_ENCODING, "gzip");
        return 0;
}

/* The environment has no say: neither in a proxy nor in what goes past it. */
static int transfer_set_proxy(const HttpClientOptions *options, CURL *easy)
{
        SET(CURLOPT_PROXY, options->proxy ? options->proxy : "");
        SET(CURLOPT_NOPROXY, "");
        if (!options->proxy)
                return 0;
        SET(CURLOPT_HTTPPROXYTUNNEL, 1L);
        /* What is for the catalog is not for the proxy, which gets what PROXYHEADER has alone. */
        SET(CURLOPT_HEADEROPT, (long)CURLHEADER_SEPARATE);
        SET(CURLOPT_PROXY_SSL_VERIFYPEER, 1L);
        SET(CURLOPT_PROXY_SSL_VERIFYHOST, 2L);
        SET(CURLOPT_PROXY_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
        if (options->ca_file) {
                SET(CURLOPT_PROXY_CAINFO, options->ca_file);
                SET(CURLOPT_PROXY_CAPATH, NULL);
        }
        return 0;
}

static int transfer_set_tls(const HttpClientOptions *options, CURL *easy)
{
        SET(CURLOPT_SSL_VERIFYPEER, 1L);
        SET(CURLOPT_SSL_VERIFYHOST, 2L);
        SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
        if (options->ca_file) {
                /* Only these: libcurl would add the system's directory to the file. */
                SET(CURLOPT_CAINFO, options->ca_file);
                SET(CURLOPT_CAPATH, NULL);
        }
        return 0;
}

static int transfer_set_callbacks(HttpTransfer *t, CURL *easy)
{
        SET(CURLOPT_PRIVATE, t);
        SET(CURLOPT_ERRORBUFFER, t->detail);
        SET(CURLOPT_WRITEFUNCTION, transfer_on_body);
        SET(CURLOPT_WRITEDATA, t);
        SET(CURLOPT_HEADERFUNCTION, transfer_on_header);
        SET(CURLOPT_HEADERDATA, t);
        SET(CURLOPT_PREREQFUNCTION, transfer_on_request);
        SET(CURLOPT_PREREQDATA, t);
        SET(CURLOPT_OPENSOCKETFUNCTION, transfer_on_open);
        SET(CURLOPT_OPENSOCKETDATA, t);
        return 0;
}

static int headers_append(struct curl_slist **headers, const char *line)
{
        struct curl_slist *longer = curl_slist_append(*headers, line);
        if (!longer)
                return -ENOMEM;
        *headers = longer;
        return 0;
}

static void headers_free(struct curl_slist *headers)
{
        for (struct curl_slist *h = headers; h; h = h->next)
                explicit_bzero(h->data, strlen(h->data));
        curl_slist_free_all(headers);
}

static int headers_append_authorization(struct curl_slist **headers, const char *value)
{
        _cleanup_(text_wipe) Text line = {0};
        for (const char *p = value; *p; p++)
                if ((unsigned char)*p < ' ' || *p == 0x7f)
                        return -EINVAL;
        if (value[0] == '\0')
                return -EINVAL;
        int r = text_printf(&line, "Authorization: %s", value);
        return r < 0 ? r : headers_append(headers, line.data);
}

static int transfer_set_body(HttpTransfer *t, const HttpRequest *request, CURL *easy)
{
        const char *form = request->form, *body = form ? form : request->json;
        /* of no body, too: there are servers that refuse a POST without it */
        const char *type = form ? "Content-Type: application/x-www-form-urlencoded"
                                : "Content-Type: application/json";
        int r = text_append_string(&t->form, body ? body : "");
        if (r < 0)
                return r;
        SET(CURLOPT_POST, 1L);
        SET(CURLOPT_POSTFIELDSIZE, (long)t->form.size);
        SET(CURLOPT_POSTFIELDS, t->form.data);
        return headers_append(&t->headers, type);
}

static int transfer_set_request(HttpTransfer *t, const HttpRequest *request, CURL *easy)
{
        /* Of a cache in between, the peer's word is wanted, and not what it has kept of that. */
        int r = headers_append(&t->headers, "Accept: application/json");
        if (r >= 0)
                r = headers_append(&t->headers, "Cache-Control: no-cache");
        if (r >= 0 && request->method == HTTP_POST)
                r = transfer_set_body(t, request, easy);
        if (r >= 0 && request->method == HTTP_HEAD)
                SET(CURLOPT_NOBODY, 1L);
        if (r >= 0 && request->authorization)
                r = headers_append_authorization(&t->headers, request->authorization);
        if (r < 0)
                return r;
        SET(CURLOPT_HTTPHEADER, t->headers);
        SET(CURLOPT_URL, request->url);
        SET(CURLOPT_MAXFILESIZE_LARGE,
            (curl_off_t)request->body_max_bytes); /* of an announced length; the rest is counted */
        SET(CURLOPT_FRESH_CONNECT, request->fresh_connection ? 1L : 0L);
        SET(CURLOPT_FORBID_REUSE, request->fresh_connection ? 1L : 0L);
        return 0;
}

DEFINE_CLEANUP(CURLU, url, curl_url_cleanup)
DEFINE_CLEANUP(char, part, curl_free)

/* Refuses what is not a URL of ours, and gives host and port for people. */
static int url_where(const char *url, bool allow_http, char *out, size_t size)
{
        _cleanup_(cleanup_url) CURLU *u = curl_url();
        _cleanup_(cleanup_part) char *scheme = NULL, *host = NULL, *port = NULL;
        if (!url || strlen(url) > LIMIT_URL_MAX_BYTES)
                return -EINVAL;
        if (!u)
                return -ENOMEM;
        CURLUcode code = curl_url_set(u, CURLUPART_URL, url, CURLU_DISALLOW_USER);
        if (code == CURLUE_OK)
                code = curl_url_get(u, CURLUPART_SCHEME, &scheme, 0);
        if (code == CURLUE_OK)
                code = curl_url_get(u, CURLUPART_HOST, &host, 0);
        if (code == CURLUE_OK)
                code = curl_url_get(u, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT);
        if (code == CURLUE_OUT_OF_MEMORY)
                return -ENOMEM;
        if (code != CURLUE_OK ||
            (!text_equal(scheme, "https") && !(allow_http && text_equal(scheme, "http"))))
                return -EINVAL;
        (void)snprintf(out, size, "%.255s:%s", host, port);
        return 0;
}

/* Where it goes, and by which proxy. */
static int transfer_set_where(HttpTransfer *t, const HttpClientOptions *options, const char *url)
{
        int r = url_where(url, options->allow_http && !options->proxy, t->where, sizeof(t->where));
        if (r < 0 || !options->proxy)
                return r;
        r = url_where(options->proxy, true, t->proxy, sizeof(t->proxy));
        if (r < 0)
                return r;
        size_t used = strlen(t->where);
        (void)snprintf(t->where + used, sizeof(t->where) - used, " through proxy %s", t->proxy);
        return 0;
}

int http_transfer_new(const HttpClientOptions *options, const HttpRequest *request,
                      HttpTransfer **ret)
{
        _cleanup_(cleanup_http_transfer) HttpTransfer *t = calloc(1, sizeof(*t));
        if (!t)
                return -ENOMEM;
        t->uncounted = options->uncounted;
        int r = transfer_set_where(t, options, request->url);
        if (r < 0)
                return r;
        t->may_send = request->may_send;
        t->body_max_bytes = request->body_max_bytes;
        t->request_timeout_usec = options->request_timeout_usec;
        t->easy = curl_easy_init();
        if (!t->easy)
                return -ENOMEM;
        CURL *easy = t->easy;
        SET(CURLOPT_USERAGENT, options->user_agent);
        r = transfer_set_limits(options, easy);
        if (r >= 0)
                r = transfer_set_proxy(options, easy);
        if (r >= 0)
                r = transfer_set_tls(options, easy);
        if (r >= 0)
                r = transfer_set_callbacks(t, easy);
        if (r >= 0)
                r = transfer_set_request(t, request, easy);
        if (r < 0)
                return r;
        *ret = TAKE(t);
        return 0;
}

int http_transfer_show(HttpTransfer *t, const HttpCredentials *c)
{
        CURL *easy = t->easy;
        t->phase = HTTP_PHASE_RESOLVE;
        t->credentials = c;
        t->proxy_generation = c->proxy_generation;
        if (c->proxy_line.size > 0) {
                headers_free(t->proxy_headers);
                t->proxy_headers = NULL;
                int r = headers_append(&t->proxy_headers, c->proxy_line.data);
                if (r < 0)
                        return r;
                SET(CURLOPT_PROXYHEADER, t->proxy_headers);
        }
        if (c->certificate.size == 0)
                return 0;
        text_wipe(&t->certificate);
        text_wipe(&t->key);
        if (text_append(&t->certificate, c->certificate.data, c->certificate.size) < 0 ||
            text_append(&t->key, c->key.data, c->key.size) < 0)
                return -ENOMEM;
        /* libcurl compares them before it reuses a connection. A session that is resumed would be
         * that of the certificate that it was begun with. */
        struct curl_blob certificate = {t->certificate.data, t->certificate.size, CURL_BLOB_NOCOPY};
        struct curl_blob key = {t->key.data, t->key.size, CURL_BLOB_NOCOPY};
        SET(CURLOPT_SSLCERT_BLOB, &certificate);
        SET(CURLOPT_SSLKEY_BLOB, &key);
        SET(CURLOPT_SSL_SESSIONID_CACHE, 0L);
        return 0;
}

/* In whole seconds, as libcurl counts: cut down, so that nothing older is used. */
int http_transfer_trust(HttpTransfer *t, uint64_t since_usec, bool in_doubt)
{
        CURL *easy = t->easy;
        uint64_t sec = (clock_monotonic_usec() - since_usec) / USEC_PER_SEC;
        SET(CURLOPT_CA_CACHE_TIMEOUT, sec < CA_CACHE_SEC ? (long)sec : (long)CA_CACHE_SEC);
        if (in_doubt) /* one that was made before says nothing of the next */
                SET(CURLOPT_FRESH_CONNECT, 1L);
        t->is_first = in_doubt;
        return 0;
}

static void transfer_drop_easy(HttpTransfer *t)
{
        curl_easy_cleanup(t->easy);
        t->easy = NULL;
        headers_free(t->headers);
        headers_free(t->proxy_headers);
        t->headers = t->proxy_headers = NULL;
        text_wipe(&t->certificate);
        text_wipe(&t->key);
}

HttpTransfer *http_transfer_free(HttpTransfer *t)
{
        if (!t)
                return NULL;
        transfer_drop_easy(t);
        if (t->form.size > 0)
                text_wipe(&t->body);
        text_wipe(&t->form);
        text_done(&t->body);
        free(t->content_type);
        free(t->location);
        free(t);
        return NULL;
}

/* Of the last answer, of the peer or, CURLH_CONNECT, of the proxy: not of interim ones, not of
 * trailers. */
static const char *transfer_get_header(const HttpTransfer *t, const char *name, unsigned of)
{
        struct curl_header *header;
        return curl_easy_header(t->easy, name, 0, of, -1, &header) == CURLHE_OK ? header->value
                                                                                : "";
}

static int transfer_get_connect_status(const HttpTransfer *t)
{
        long status = 0;
        (void)curl_easy_getinfo(t->easy, CURLINFO_HTTP_CONNECTCODE, &status);
        return (int)status;
}

bool http_transfer_is_refused_by_proxy(const HttpTransfer *t)
{
        int status = transfer_get_connect_status(t);
        return t->proxy_headers && (status == 401 || status == 407);
}

void http_transfer_fail(HttpTransfer *t, int error, const Fault *fault)
{
        t->response = (HttpResponse){
                .error = error, .fault = *fault, .content_type = "", .location = "", .body = ""};
        transfer_drop_easy(t);
}

static void transfer_finish_failed(HttpTransfer *t, CURLcode result)
{
        long os_errno = 0, connects = 0;
        curl_off_t tls_usec = 0;
        HttpFailure failure = {
                .code = result,
                .phase = t->phase,
                .stop = t->stop,
                .where = t->where,
                .detail = t->detail,
                .encoding = transfer_get_header(t, "Content-Encoding", CURLH_HEADER),
                .proxy = t->proxy[0] ? t->proxy : NULL,
                .connect_status = transfer_get_connect_status(t),
                .proxy_credentials = t->proxy_headers != NULL,
                .proxy_unread = t->credentials ? t->credentials->proxy_unread : "",
                .certificate_unread = t->credentials ? t->credentials->certificate_unread : "",
                .certificate_shown = t->certificate.size > 0,
                .proxy_page = transfer_get_header(t, "Content-Type", CURLH_CONNECT),
                .body_max_bytes = t->body_max_bytes,
                .elapsed_usec = t->response.elapsed_usec,
                .request_timeout_usec = t->request_timeout_usec,
        };
        (void)curl_easy_getinfo(t->easy,
                                failure.proxy && failure.connect_status == 0
                                        ? CURLINFO_PROXY_SSL_VERIFYRESULT
                                        : CURLINFO_SSL_VERIFYRESULT,
                                &failure.verify_result);
        (void)curl_easy_getinfo(t->easy, CURLINFO_NUM_CONNECTS, &connects);
        (void)curl_easy_getinfo(t->easy, CURLINFO_APPCONNECT_TIME_T, &tls_usec);
        failure.fresh_tls = connects > 0 && tls_usec > 0 && t->response.status == 0;
        (void)curl_easy_getinfo(t->easy, CURLINFO_PROXYAUTH_AVAIL, &failure.proxy_methods);
        (void)curl_easy_getinfo(t->easy, CURLINFO_OS_ERRNO, &os_errno);
        failure.socket_errno = t->socket_errno ? t->socket_errno : (int)os_errno;
        t->response.error = http_fault_fill(&failure, &t->response.fault);
        if (!fault_is_of_proxy(&t->response.fault))
                fault_set_http_status(&t->response.fault, t->response.status);
        text_reset(&t->body);
}

void http_transfer_finish(HttpTransfer *t, CURLcode result)
{
        HttpResponse *response = &t->response;
        long status = 0;
        curl_off_t received = 0;
        (void)curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
        (void)curl_easy_getinfo(t->easy, CURLINFO_SIZE_DOWNLOAD_T, &received);
        if (received > 0 && !t->uncounted)
                metric_add(METRIC_CATALOG_RECEIVED_BYTES, 0, (double)received);
        response->status = (int)status;
        response->elapsed_usec = clock_monotonic_usec() - t->started_usec;
        response->retry_after_usec = retry_after_parse(
                transfer_get_header(t, "Retry-After", CURLH_HEADER),
                transfer_get_header(t, "Date", CURLH_HEADER), (int64_t)time(NULL));
        response->age_sec = strtoll(transfer_get_header(t, "Age", CURLH_HEADER), NULL, 10);
        int64_t date_sec;
        response->has_date =
                http_date_parse(transfer_get_header(t, "Date", CURLH_HEADER), &date_sec) == 0;
        if (response->has_date)
                response->clock_ahead_sec = (int64_t)time(NULL) - date_sec;
        t->content_type = strdup(transfer_get_header(t, "Content-Type", CURLH_HEADER));
        t->location = strdup(transfer_get_header(t, "Location", CURLH_HEADER));
        if (!t->content_type || !t->location)
                t->stop = HTTP_STOP_MEMORY;

        response->sent = t->phase == HTTP_PHASE_SENT;
        /* libcurl takes any number after "HTTP/2", though it is not spoken. */
        if (result == CURLE_OK && (status < 200 || status > STATUS_MAX))
                result = CURLE_WEIRD_SERVER_REPLY;
        if (result != CURLE_OK || t->stop != HTTP_STOP_NONE)
                transfer_finish_failed(t, result);

        response->content_type = t->content_type ? t->content_type : "";
        response->location = t->location ? t->location : "";
        response->body = t->body.data ? t->body.data : "";
        response->body_size = t->body.size;
        transfer_drop_easy(t);
}
