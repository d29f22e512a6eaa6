/*
 * client_certificate: see the header.
 *
 * What OpenSSL says of a failure is not repeated: the files are said to be the wrong ones, and that
 * is it. Its queue of errors is left empty.
 */
#include "http/client_certificate.h"
#include "base/text.h"
#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <string.h>

DEFINE_CLEANUP(BIO, bio, BIO_free)
DEFINE_CLEANUP(X509, x509, X509_free)
DEFINE_CLEANUP(EVP_PKEY, pkey, EVP_PKEY_free)

/* Instead of a question on the terminal. */
static int no_passphrase(char *out _unused_, int size _unused_, int writes _unused_, void *asked)
{
        *(bool *)asked = true;
        return -1;
}

static int refuse(Fault *ret_fault, const char *what)
{
        ERR_clear_error();
        return fault_set(ret_fault, FAULT_PROCESS, EINVAL, CODE_CONFIG_CERTIFICATE, "%s", what);
}

static time_t time_of(const ASN1_TIME *at)
{
        struct tm tm;
        return ASN1_TIME_to_tm(at, &tm) == 1 ? timegm(&tm) : 0;
}

/* Whether the text ends where a block does, or behind it: what begins one has no end. */
static bool pem_is_whole(const char *pem)
{
        const char *last = "";
        for (const char *line = pem; line; line = strchr(line, '\n')) {
                line += *line == '\n';
                if (*line == '-')
                        last = line;
        }
        return text_starts_with(last, "-----END ");
}

/* As libcurl reads the chain: up to where no block begins, and every block is a certificate. */
static bool chain_is_whole(BIO *rest, const char *pem)
{
        for (X509 *next; (next = PEM_read_bio_X509(rest, NULL, NULL, NULL));)
                X509_free(next);
        return ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE && pem_is_whole(pem);
}

int client_certificate_check(const char *certificate, const char *key, ClientCertificate *ret,
                             Fault *ret_fault)
{
        _cleanup_(cleanup_bio) BIO *certificate_bio = BIO_new_mem_buf(certificate, -1);
        _cleanup_(cleanup_bio) BIO *key_bio = BIO_new_mem_buf(key, -1);
        bool asked = false;
        if (!certificate_bio || !key_bio)
                return fault_no_memory(ret_fault);
        _cleanup_(cleanup_x509) X509 *x =
                PEM_read_bio_X509(certificate_bio, NULL, no_passphrase, &asked);
        if (!x)
                return refuse(ret_fault,
                              "cert_file: it holds no certificate in PEM form (-----BEGIN "
                              "CERTIFICATE-----)");
        if (!chain_is_whole(certificate_bio, certificate))
                return refuse(ret_fault,
                              "cert_file: what follows the first certificate is not whole: a "
                              "block of it has no end, or cannot be read");
        ERR_clear_error();
        _cleanup_(cleanup_pkey) EVP_PKEY *k =
                PEM_read_bio_PrivateKey(key_bio, NULL, no_passphrase, &asked);
        if (!k && asked)
                return refuse(ret_fault, "key_file: the key has a passphrase, which nobody could "
                                         "enter; take it off: openssl pkey -in OLD -out NEW");
        if (!k)
                return refuse(ret_fault,
                              "key_file: it holds no private key in PEM form (-----BEGIN "
                              "PRIVATE KEY-----)");
        if (X509_check_private_key(x, k) != 1)
                return refuse(ret_fault, "key_file: the key is another one than that of the "
                                         "certificate in cert_file");
        if (ret)
                *ret = (ClientCertificate){.valid_from = time_of(X509_get0_notBefore(x)),
                                           .valid_until = time_of(X509_get0_notAfter(x))};
        return 0;
}
