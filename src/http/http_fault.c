/*
 * http_fault: tables from libcurl's codes and OpenSSL's verify results to faults. Every message
 * opens with host and port, of the proxy where that is at fault.
 */
#include "http/http_fault.h"
#include "base/text.h"
#include <errno.h>
#include <string.h>

typedef struct Meaning {
        int key; /* CURLcode, errno or verify result */
        FaultScope scope;
        bool retryable;
        int error;
        FaultCode code;
        const char *text;
} Meaning;

static const Meaning code_meanings[] = {
        {CURLE_COULDNT_RESOLVE_HOST, FAULT_PEER, true, EHOSTUNREACH, CODE_HTTP_RESOLVE,
         "the host name cannot be resolved; check the url and this machine's resolver"},
        {CURLE_COULDNT_RESOLVE_PROXY, FAULT_PEER, true, EHOSTUNREACH, CODE_PROXY_RESOLVE,
         "the host name cannot be resolved; check proxy and this machine's resolver"},
        {CURLE_COULDNT_CONNECT, FAULT_PEER, true, ENOTCONN, CODE_HTTP_CONNECT,
         "no connection; check that the server is up and that no firewall is in between"},
        {CURLE_SSL_CONNECT_ERROR, FAULT_PEER, true, EPROTO, CODE_HTTP_TLS,
         "the TLS handshake failed; TLS 1.2 or newer is needed"},
        {CURLE_SSL_CACERT_BADFILE, FAULT_PEER, false, ENOENT, CODE_HTTP_CA_FILE,
         "the file of trusted certificates cannot be read; check ca_file"},
        {CURLE_BAD_CONTENT_ENCODING, FAULT_REQUEST, true, EBADMSG, CODE_HTTP_ENCODING,
         "the body of the answer cannot be decoded: it is damaged, or encoded in a way that was "
         "not asked for"},
        {CURLE_GOT_NOTHING, FAULT_REQUEST, true, ECONNRESET, CODE_HTTP_RESET,
         "the connection was closed without an answer"},
        {CURLE_SEND_ERROR, FAULT_REQUEST, true, ECONNRESET, CODE_HTTP_RESET,
         "the connection broke while the request was sent"},
        {CURLE_RECV_ERROR, FAULT_REQUEST, true, ECONNRESET, CODE_HTTP_RESET,
         "the connection broke before the answer was complete"},
        {CURLE_PARTIAL_FILE, FAULT_REQUEST, true, EBADMSG, CODE_HTTP_TRUNCATED,
         "the body of the answer was cut short"},
        {CURLE_UNSUPPORTED_PROTOCOL, FAULT_REQUEST, true, EPROTO, CODE_HTTP_PROTOCOL,
         "what answers does not speak HTTP; check host and port of the url, and whether it is to "
         "be https"},
        {CURLE_WEIRD_SERVER_REPLY, FAULT_REQUEST, true, EPROTO, CODE_HTTP_PROTOCOL,
         "the answer is not well-formed HTTP; check host and port of the url, and whether it is to "
         "be https"},
        {CURLE_OUT_OF_MEMORY, FAULT_PROCESS, true, ENOMEM, CODE_HTTP_MEMORY,
         "not enough memory for the request"},
        {CURLE_ABORTED_BY_CALLBACK, FAULT_PROCESS, true, EIO, CODE_HTTP_LOOP,
         "the request was given up because the event handling of this process failed"},
};

/* Why the system gave no connection. */
static const Meaning connect_meanings[] = {
        {ECONNREFUSED, FAULT_PEER, true, ECONNREFUSED, CODE_HTTP_CONNECT,
         "the connection was refused; check that the server is up and that the port is right"},
        {EHOSTUNREACH, FAULT_PEER, true, EHOSTUNREACH, CODE_HTTP_CONNECT,
         "there is no route to the host"},
        {ENETUNREACH, FAULT_PEER, true, ENETUNREACH, CODE_HTTP_CONNECT,
         "the network is unreachable from here"},
        {EMFILE, FAULT_PROCESS, true, EMFILE, CODE_HTTP_SOCKETS,
         "this process has no file descriptor left for a connection"},
        {ENFILE, FAULT_PROCESS, true, ENFILE, CODE_HTTP_SOCKETS,
         "this machine has no file descriptor left for a connection"},
        {ENOBUFS, FAULT_PROCESS, true, ENOBUFS, CODE_HTTP_SOCKETS,
         "this machine has no memory left for a connection"},
        {ENOMEM, FAULT_PROCESS, true, ENOMEM, CODE_HTTP_SOCKETS,
         "this machine has no memory left for a connection"},
        {EACCES, FAULT_PEER, true, EACCES, CODE_HTTP_CONNECT,
         "this machine forbids the connection; see its firewall and IPAddressAllow="},
        {EPERM, FAULT_PEER, true, EPERM, CODE_HTTP_CONNECT,
         "this machine forbids the connection; see its firewall and IPAddressAllow="},
};

/* X509_V_ERR_… of openssl/x509_vfy.h, those that people meet; the numbers are part of OpenSSL's
 * interface. */
static const Meaning certificate_meanings[] = {
        {9, FAULT_PEER, false, EKEYREJECTED, CODE_HTTP_TLS,
         "the server's certificate is not valid yet; check the clocks on both sides"},
        {10, FAULT_PEER, false, EKEYEXPIRED, CODE_HTTP_TLS,
         "the server's certificate has expired; it must be renewed there"},
        {18, FAULT_PEER, false, EKEYREJECTED, CODE_HTTP_TLS,
         "the server's certificate is self-signed, so its issuer is unknown here; put it into "
         "ca_file if it is the right one"},
        {19, FAULT_PEER, false, EKEYREJECTED, CODE_HTTP_TLS,
         "the issuer of the server's certificate is unknown here; put it into ca_file"},
        {20, FAULT_PEER, false, EKEYREJECTED, CODE_HTTP_TLS,
         "the issuer of the server's certificate is unknown here; put it into ca_file"},
        {21, FAULT_PEER, false, EKEYREJECTED, CODE_HTTP_TLS,
         "the issuer of the server's certificate is unknown here; put it into ca_file"},
        {23, FAULT_PEER, false, EKEYREVOKED, CODE_HTTP_TLS,
         "the server's certificate has been revoked"},
};

static const Meaning timeouts[] = {
        {HTTP_PHASE_RESOLVE, FAULT_PEER, true, ETIMEDOUT, CODE_HTTP_TIMEOUT,
         "the host name was not resolved in time; check this machine's resolver"},
        {HTTP_PHASE_CONNECT, FAULT_PEER, true, ETIMEDOUT, CODE_HTTP_TIMEOUT,
         "no connection in time; check that the server is up and that no firewall is in between"},
        {HTTP_PHASE_TLS, FAULT_PEER, true, ETIMEDOUT, CODE_HTTP_TIMEOUT,
         "connected, but the TLS handshake was not done in time"},
        {HTTP_PHASE_SENT, FAULT_REQUEST, true, ETIMEDOUT, CODE_HTTP_TIMEOUT,
         "no complete answer in time; see request_timeout"},
};

/* What no table is looked up for. */
#define MEANING(name, ...) static const Meaning name = {0, __VA_ARGS__}

MEANING(unknown_code, FAULT_REQUEST, true, EIO, CODE_HTTP_FAILED, "the request failed");
MEANING(encoding_goes_on, FAULT_REQUEST, true, EBADMSG, CODE_HTTP_ENCODING,
        "the body of the answer cannot be decoded: something follows the end of the compressed "
        "data, and only one gzip member is read");
/* libcurl compares the name itself, before it asks OpenSSL for its result: that is still 0,
 * or 1 ("unspecified"), which is never OpenSSL's own. */
MEANING(certificate_name, FAULT_PEER, false, EKEYREJECTED, CODE_HTTP_TLS,
        "the server's certificate is for another name; check the host in the address, or the "
        "certificate there");
MEANING(certificate_other, FAULT_PEER, false, EKEYREJECTED, CODE_HTTP_TLS,
        "the server's certificate is not accepted");
MEANING(too_slow, FAULT_REQUEST, true, ETIMEDOUT, CODE_HTTP_SLOW,
        "the answer arrived too slowly and was given up");
enum { TOO_LARGE = 100 }; /* CURLE_TOO_LARGE of libcurl 8.6 and newer */
MEANING(header_too_long, FAULT_REQUEST, true, EMSGSIZE, CODE_HTTP_HEADERS_TOO_LARGE,
        "a line of the answer's headers is too long");
MEANING(headers_too_large, FAULT_REQUEST, true, EMSGSIZE, CODE_HTTP_HEADERS_TOO_LARGE,
        "the headers of the answer are too large");
/* Before 8.6 libcurl has one code for both, and calls both "out of memory". */
MEANING(headers_or_memory, FAULT_REQUEST, true, EMSGSIZE, CODE_HTTP_HEADERS_TOO_LARGE,
        "either a line of the answer's headers is too long, or this process has no memory left; "
        "if other requests succeed, it is the headers");
MEANING(no_tls, FAULT_PEER, true, EPROTO, CODE_HTTP_TLS,
        "there is no TLS at this port; is it a port for http?");
MEANING(tls_closed, FAULT_PEER, true, EPROTO, CODE_HTTP_TLS,
        "the connection was closed during the TLS handshake; is it a port for http?");
MEANING(no_memory, FAULT_PROCESS, true, ENOMEM, CODE_HTTP_MEMORY,
        "not enough memory for the answer");
MEANING(too_late, FAULT_REQUEST, true, ECANCELED, CODE_HTTP_FAILED,
        "not sent: what it was for was over before the connection stood");
MEANING(client_wanted, FAULT_PEER, false, EACCES, CODE_HTTP_CERTIFICATE_WANTED,
        "the server wants a certificate of the client; set cert_file and key_file");
MEANING(client_refused, FAULT_PEER, false, EACCES, CODE_HTTP_CERTIFICATE_REFUSED,
        "the server refuses the certificate of cert_file; has it expired, or is its issuer not "
        "trusted there? Here, " SECRET_RENEWAL);
/* Of TLS 1.2, for this and for other reasons. */
MEANING(handshake_refused, FAULT_PEER, true, EPROTO, CODE_HTTP_TLS,
        "the server refuses the TLS handshake; does it want a certificate of the client? See "
        "cert_file");
/* Its alert may be lost by that. */
MEANING(refused_at_once, FAULT_REQUEST, true, ECONNRESET, CODE_HTTP_RESET,
        "the connection broke right after the TLS handshake, while the request was sent; does "
        "the server want a certificate of the client, or refuse it? See cert_file");
MEANING(proxy_refuses, FAULT_PEER, false, EACCES, CODE_PROXY_UNAUTHORIZED,
        "it refuses the credentials; check proxy_username and "
        "proxy_password_file; " SECRET_RENEWAL);
MEANING(proxy_wants_other, FAULT_PEER, false, EACCES, CODE_PROXY_UNAUTHORIZED,
        "it wants another authentication than Basic (Negotiate or NTLM, say), which this program "
        "does not know");
MEANING(proxy_is_none, FAULT_PEER, false, EPROTO, CODE_PROXY_NOT_A_PROXY,
        "what answers there is no proxy that knows CONNECT; check proxy");
MEANING(proxy_answers_page, FAULT_PEER, false, EPROTO, CODE_PROXY_NOT_A_PROXY,
        "it answers with a page of its own instead of a connection to the catalog; does it want "
        "a sign-in?");
MEANING(proxy_hangs_up, FAULT_PEER, true, ECONNRESET, CODE_PROXY_NOT_A_PROXY,
        "it gave no proper answer to CONNECT; check proxy: http or https, host and port");
MEANING(proxy_is_silent, FAULT_PEER, true, ETIMEDOUT, CODE_PROXY_TIMEOUT,
        "connected, but CONNECT was not answered in time; is the catalog reached from there?");

/* Alerts (RFC 8446, section 6.2) about what the client has shown, or has not: with TLS 1.3 they
 * come when the handshake is over on this side, so in the place of an answer. */
static const struct {
        const char *words; /* OpenSSL's */
        const Meaning *meaning;
} client_alerts[] = {
        {"alert certificate required", &client_wanted},
        {"alert bad certificate", &client_refused},
        {"alert unsupported certificate", &client_refused},
        {"alert certificate revoked", &client_refused},
        {"alert certificate expired", &client_refused},
        {"alert certificate unknown", &client_refused},
        {"alert unknown ca", &client_refused},
        {"alert access denied", &client_refused},
        {"alert decrypt error", &client_refused},
        {"alert handshake failure", &handshake_refused},
};

static const Meaning *meaning_find(const Meaning *table, size_t n, long key,
                                   const Meaning *otherwise)
{
        for (size_t i = 0; i < n; i++)
                if (table[i].key == key)
                        return &table[i];
        return otherwise;
}

static const Meaning *failure_find_code(const HttpFailure *f)
{
        return meaning_find(code_meanings, ARRAY_SIZE(code_meanings), f->code, &unknown_code);
}

static const Meaning *failure_find_certificate(const HttpFailure *f)
{
        /* Other TLS libraries number their results differently; then libcurl's words must do. */
        const char *library = curl_version_info(CURLVERSION_NOW)->ssl_version;
        if (!library || !text_starts_with(library, "OpenSSL"))
                return &certificate_other;
        if (f->verify_result == 0 || f->verify_result == 1)
                return &certificate_name;
        return meaning_find(certificate_meanings, ARRAY_SIZE(certificate_meanings),
                            f->verify_result, &certificate_other);
}

static const Meaning *failure_find_timeout(const HttpFailure *f)
{
        if (f->phase == HTTP_PHASE_SENT &&
            (f->request_timeout_usec == 0 || f->elapsed_usec < f->request_timeout_usec))
                return &too_slow;
        return meaning_find(timeouts, ARRAY_SIZE(timeouts), f->phase, &unknown_code);
}

/* As OpenSSL and GnuTLS say it of a first record that is none. */
static bool failure_is_no_tls(const HttpFailure *f)
{
        return strstr(f->detail, "wrong version number") ||
               strstr(f->detail, "packet length too long") ||
               strstr(f->detail, "unexpected TLS packet");
}

/* As OpenSSL and GnuTLS say it of a peer that hangs up. What knows no TLS may do that as well as
 * answer in words of its own. */
static bool failure_is_tls_closed(const HttpFailure *f)
{
        return strstr(f->detail, "SSL_ERROR_SYSCALL") || strstr(f->detail, "unexpected eof") ||
               strstr(f->detail, "Connection reset by peer") ||
               strstr(f->detail, "non-properly terminated");
}

static const Meaning *failure_find_handshake(const HttpFailure *f)
{
        if (failure_is_no_tls(f))
                return &no_tls;
        return failure_is_tls_closed(f) ? &tls_closed : failure_find_code(f);
}

static const Meaning *failure_find_alert(const HttpFailure *f)
{
        for (size_t i = 0; i < ARRAY_SIZE(client_alerts); i++) {
                if (!strstr(f->detail, client_alerts[i].words))
                        continue;
                const Meaning *m = client_alerts[i].meaning;
                if (!f->certificate_shown)
                        return m == &client_refused ? &client_wanted : m;
                return m == &client_wanted ? &client_refused : m;
        }
        return NULL;
}

static const Meaning *failure_find(const HttpFailure *f)
{
        if (f->stop == HTTP_STOP_MEMORY)
                return &no_memory;
        if (f->stop == HTTP_STOP_LATE)
                return &too_late;
        if (f->stop == HTTP_STOP_HEADERS)
                return &headers_too_large;
        if ((int)f->code == TOO_LARGE)
                return &header_too_long;
        /* A single line beyond libcurl's own cap is "out of memory" in its words, before our count
         * sees the line. */
        if (f->code == CURLE_OUT_OF_MEMORY && f->phase == HTTP_PHASE_SENT)
                return &headers_or_memory;
        /* What takes the body had nothing against it, so it was the decoder. */
        if (f->code == CURLE_WRITE_ERROR && f->stop == HTTP_STOP_NONE && f->encoding &&
            f->encoding[0] != '\0')
                return &encoding_goes_on;
        const Meaning *alert = failure_find_alert(f);
        if (alert && !(alert == &handshake_refused && f->certificate_shown))
                return alert;
        if (f->code == CURLE_SEND_ERROR && f->fresh_tls)
                return &refused_at_once;
        if (f->code == CURLE_SSL_CONNECT_ERROR)
                return failure_find_handshake(f);
        if (f->code == CURLE_PEER_FAILED_VERIFICATION)
                return failure_find_certificate(f);
        if (f->code == CURLE_OPERATION_TIMEDOUT)
                return failure_find_timeout(f);
        if (f->code == CURLE_COULDNT_CONNECT)
                return meaning_find(connect_meanings, ARRAY_SIZE(connect_meanings), f->socket_errno,
                                    failure_find_code(f));
        return failure_find_code(f);
}

/* ---- of the proxy --------------------------------------------------------------------------- */

#define NO_WAY "it does not reach the catalog; check the url, and where it may connect to"

/* Its answer to CONNECT. */
static const Meaning connect_statuses[] = {
        /* as tinyproxy says it of a wrong password */
        {401, FAULT_PEER, false, EACCES, CODE_PROXY_UNAUTHORIZED,
         "it wants credentials; set proxy_username and proxy_password_file"},
        {403, FAULT_PEER, false, EACCES, CODE_PROXY_FORBIDDEN,
         "it forbids the connection to the catalog; let its administrators allow CONNECT to that "
         "host and port"},
        {407, FAULT_PEER, false, EACCES, CODE_PROXY_UNAUTHORIZED,
         "it wants credentials; set proxy_username and proxy_password_file"},
        {408, FAULT_PEER, true, ETIMEDOUT, CODE_PROXY_NO_WAY, NO_WAY},
        {429, FAULT_PEER, true, EBUSY, CODE_PROXY_NO_WAY, "it limits the rate of connections"},
        {500, FAULT_PEER, true, EHOSTUNREACH, CODE_PROXY_NO_WAY, NO_WAY},
        {502, FAULT_PEER, true, EHOSTUNREACH, CODE_PROXY_NO_WAY, NO_WAY},
        {503, FAULT_PEER, true, EHOSTUNREACH, CODE_PROXY_NO_WAY, NO_WAY},
        {504, FAULT_PEER, true, EHOSTUNREACH, CODE_PROXY_NO_WAY, NO_WAY},
};

/* After its 2xx what comes is the catalog's, unless it is a page, which no tunnel begins with. */
static bool failure_is_page(const HttpFailure *f)
{
        return f->connect_status / 100 == 2 && f->code == CURLE_SSL_CONNECT_ERROR &&
               f->proxy_page[0] != '\0';
}

static bool failure_is_of_proxy(const HttpFailure *f)
{
        if (!f->proxy)
                return false;
        if (f->code == CURLE_COULDNT_RESOLVE_PROXY || f->code == CURLE_COULDNT_CONNECT)
                return true;
        return f->connect_status > 0 ? f->connect_status / 100 != 2 || failure_is_page(f)
                                     : f->phase != HTTP_PHASE_SENT;
}

static const Meaning *failure_find_unauthorized(const HttpFailure *f, const Meaning *otherwise)
{
        if (f->proxy_methods != 0 && !(f->proxy_methods & (long)CURLAUTH_BASIC))
                return &proxy_wants_other;
        return f->proxy_credentials ? &proxy_refuses : otherwise;
}

static const Meaning *failure_find_of_proxy(const HttpFailure *f)
{
        if (failure_is_page(f))
                return &proxy_answers_page;
        if (f->connect_status > 0) {
                const Meaning *m = meaning_find(connect_statuses, ARRAY_SIZE(connect_statuses),
                                                f->connect_status, &proxy_is_none);
                return m->code == CODE_PROXY_UNAUTHORIZED ? failure_find_unauthorized(f, m) : m;
        }
        if (f->code == CURLE_OPERATION_TIMEDOUT && f->phase == HTTP_PHASE_TLS)
                return &proxy_is_silent;
        const Meaning *m = failure_find(f);
        return m->scope == FAULT_REQUEST ? &proxy_hangs_up : m;
}

static FaultCode code_of_proxy(FaultCode code)
{
        switch (code) {
        case CODE_HTTP_CONNECT:
                return CODE_PROXY_CONNECT;
        case CODE_HTTP_TIMEOUT:
                return CODE_PROXY_TIMEOUT;
        case CODE_HTTP_TLS:
                return CODE_PROXY_TLS;
        default:
                return code;
        }
}

static int fault_fill_of_proxy(const HttpFailure *f, Fault *ret)
{
        const Meaning *m = failure_find_of_proxy(f);
        FaultCode code = code_of_proxy(m->code);
        if (f->connect_status > 0)
                (void)fault_set(ret, m->scope, m->error, code, "proxy %s: %s (HTTP %d)%s", f->proxy,
                                m->text, f->connect_status,
                                code == CODE_PROXY_UNAUTHORIZED ? f->proxy_unread : "");
        else
                (void)fault_set(ret, m->scope, m->error, code, "proxy %s: %s%s%s%s", f->proxy,
                                m->text, f->detail[0] ? " (" : "", f->detail,
                                f->detail[0] ? ")" : "");
        ret->retryable = m->retryable;
        ret->refused = code == CODE_PROXY_UNAUTHORIZED || code == CODE_PROXY_FORBIDDEN;
        ret->http_status = f->connect_status;
        return -m->error;
}

int http_fault_fill(const HttpFailure *f, Fault *ret)
{
        if (failure_is_of_proxy(f))
                return fault_fill_of_proxy(f, ret);
        /* The same page would be as large again: not for another try. */
        if (f->stop == HTTP_STOP_BODY || f->code == CURLE_FILESIZE_EXCEEDED)
                return fault_set(ret, FAULT_RUN, EMSGSIZE, CODE_HTTP_TOO_LARGE,
                                 "%s: the body of the answer is larger than %zu bytes and was not "
                                 "read to its end",
                                 f->where, f->body_max_bytes);
        const Meaning *m = failure_find(f);
        const char *detail = f->detail[0] == '\0' && m == &unknown_code
                                     ? curl_easy_strerror(f->code)
                                     : f->detail;
        char encoding[64] = "";
        if (m->code == CODE_HTTP_ENCODING && f->encoding)
                text_show(f->encoding, encoding);
        bool of_certificate =
                m->code == CODE_HTTP_CERTIFICATE_WANTED || m->code == CODE_HTTP_CERTIFICATE_REFUSED;
        const char *unread = of_certificate ? f->certificate_unread : "";
        if (encoding[0] != '\0')
                (void)fault_set(ret, m->scope, m->error, m->code, "%s: %s (Content-Encoding: %s)",
                                f->where, m->text, encoding);
        else if (detail[0] != '\0' && f->stop == HTTP_STOP_NONE)
                (void)fault_set(ret, m->scope, m->error, m->code, "%s: %s (%s)%s", f->where,
                                m->text, detail, unread);
        else
                (void)fault_set(ret, m->scope, m->error, m->code, "%s: %s", f->where, m->text);
        ret->refused = of_certificate;
        ret->retryable = m->retryable;
        return -m->error;
}
