/*
 * ca_file: see the header. Loaded as libcurl loads it, which would say it of each request.
 */
#include "http/ca_file.h"
#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

DEFINE_CLEANUP(X509_STORE, x509_store, X509_STORE_free)

int ca_file_check(const char *section, const char *path, Fault *ret_fault)
{
        struct stat st = {0};
        if (!path)
                return 0;
        _cleanup_(cleanup_close) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
        int error = fd < 0 || fstat(fd, &st) < 0 ? errno : 0;
        if (error == 0 && S_ISDIR(st.st_mode))
                error = EISDIR;
        if (error != 0)
                return fault_set(ret_fault, FAULT_PROCESS, error,
                                 error_is_shortage(error) ? CODE_NO_RESOURCES : CODE_CONFIG_CA_FILE,
                                 "ca_file of %s: %s cannot be read: %s", section, path,
                                 strerrordesc_np(error));
        _cleanup_(cleanup_x509_store) X509_STORE *store = X509_STORE_new();
        if (!store)
                return fault_no_memory(ret_fault);
        bool loaded = !S_ISREG(st.st_mode) || X509_STORE_load_file(store, path) == 1;
        ERR_clear_error();
        return loaded ? 0
                      : fault_set(ret_fault, FAULT_PROCESS, EINVAL, CODE_CONFIG_CA_FILE,
                                  "ca_file of %s: %s holds no certificate in PEM form (-----BEGIN "
                                  "CERTIFICATE-----), or one that is damaged",
                                  section, path);
}
