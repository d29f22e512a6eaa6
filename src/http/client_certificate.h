/*
 * client_certificate: whether a certificate and its key can be shown to a server, before one is
 * asked.
 *
 * Pure. Both are PEM; what comes after the first certificate is its chain.
 */
#pragma once

#include "base/fault.h"
#include <time.h>

typedef struct ClientCertificate {
        time_t valid_from, valid_until;
} ClientCertificate;

/* A Fault (CODE_CONFIG_CERTIFICATE), which names cert_file or key_file, and -EINVAL: the one holds
 * no certificate, or a chain that is cut or damaged, the other no private key, or one with a
 * passphrase, or one that is not the certificate's. A certificate of another time is none: the
 * clock may be wrong. ret: NULL is fine. */
int client_certificate_check(const char *certificate, const char *key, ClientCertificate *ret,
                             Fault *ret_fault);
