/*
 * http_fault: one table from libcurl's codes to faults; certificates get their reason in words.
 */
#include "http/http_fault.h"
#include <errno.h>
#include <string.h>

typedef struct CodeMeaning {
        CURLcode code;
        FaultScope scope;
        bool retryable;
        const char *word;
        const char *format; /* %s: where */
} CodeMeaning;

static const CodeMeaning meanings[] = {
        {CURLE_COULDNT_RESOLVE_HOST, FAULT_PEER, true, "http-resolve",
         "the name of %s cannot be resolved; check the url and the resolver"},
        {CURLE_COULDNT_RESOLVE_PROXY, FAULT_PEER, true, "http-resolve",
         "the name of the proxy for %s cannot be resolved"},
        {CURLE_COULDNT_CONNECT, FAULT_PEER, true, "http-connect",
         "no connection to %s; check that it is up and that no firewall is between"},
        {CURLE_SSL_CONNECT_ERROR, FAULT_PEER, true, "http-tls", "the TLS handshake with %s failed"},
        {CURLE_SSL_CACERT_BADFILE, FAULT_PEER, false, "http-tls", "the ca_file for %s cannot be read"},
        {CURLE_OPERATION_TIMEDOUT, FAULT_REQUEST, true, "http-timeout", "%s did not answer in time"},
        {CURLE_GOT_NOTHING, FAULT_REQUEST, true, "http-reset", "%s closed the connection without an answer"},
        {CURLE_SEND_ERROR, FAULT_REQUEST, true, "http-reset", "the connection to %s broke while sending"},
        {CURLE_RECV_ERROR, FAULT_REQUEST, true, "http-reset", "the connection to %s broke while receiving"},
        {CURLE_PARTIAL_FILE, FAULT_REQUEST, true, "http-truncated", "the answer of %s was cut short"},
        {CURLE_UNSUPPORTED_PROTOCOL, FAULT_PEER, false, "http-protocol", "%s is not spoken to over this protocol"},
        {CURLE_WEIRD_SERVER_REPLY, FAULT_REQUEST, true, "http-protocol", "%s did not answer in HTTP"},
};

static const CodeMeaning unexpected = {CURLE_OK, FAULT_REQUEST, true, "http-failed", "the request to %s failed"};

/* OpenSSL's verify results that people meet (X509_V_ERR_…). */
static const char *certificate_words(long verify_result)
{
        switch (verify_result) {
        case 9:
                return "is not valid yet: check the clocks";
        case 10:
                return "has expired";
        case 18:
                return "is self-signed";
        case 19:
        case 20:
        case 21:
                return "is from an issuer that is not trusted here: set ca_file, or add the issuer to the system's certificates";
        default:
                return NULL;
        }
}

static void fill_certificate(const HttpFailure *f, Fault *ret)
{
        long verify_result = 0;
        (void)curl_easy_getinfo(f->easy, CURLINFO_SSL_VERIFYRESULT, &verify_result);
        const char *words = certificate_words(verify_result);
        if (words)
                fault_set(ret, FAULT_PEER, EPROTO, "http-tls", "the certificate of %s %s", f->where, words);
        else
                fault_set(ret, FAULT_PEER, EPROTO, "http-tls", "the certificate of %s was not accepted: %s", f->where,
                          f->detail);
}

static bool fill_caps(const HttpFailure *f, Fault *ret)
{
        if (f->body_too_large)
                fault_set(ret, FAULT_RUN, EFBIG, "http-too-large", "the answer of %s is larger than %zu bytes",
                          f->where, f->body_max_bytes);
        else if (f->head_too_large)
                fault_set(ret, FAULT_REQUEST, EFBIG, "http-header-too-large", "%s sent an absurdly large header",
                          f->where);
        else
                return false;
        return true;
}

void http_fault_fill(const HttpFailure *f, Fault *ret)
{
        if (fill_caps(f, ret))
                return;
        if (f->code == CURLE_PEER_FAILED_VERIFICATION) {
                fill_certificate(f, ret);
                return;
        }
        const CodeMeaning *m = &unexpected;
        for (size_t i = 0; i < ARRAY_SIZE(meanings); i++)
                if (meanings[i].code == f->code)
                        m = &meanings[i];
        FaultScope scope = m->scope;
        if (f->code == CURLE_OPERATION_TIMEDOUT && !f->connected) {
                fault_set(ret, FAULT_PEER, ETIMEDOUT, "http-connect", "no connection to %s within the connect timeout",
                          f->where);
        } else {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
                fault_set(ret, scope, EIO, m->word, m->format, f->where);
#pragma GCC diagnostic pop
                if (f->detail[0])
                        fault_set(ret, scope, EIO, m->word, "%s (%s)", ret->message, f->detail);
        }
        ret->retryable = m->retryable;
}
