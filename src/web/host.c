#include "web/host.h"
#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

enum { HOST_BYTES = 256 }; /* a name has at most 253 (RFC 1035, 2.3.4) */

/* Without the port and the brackets, into out; false: it is none. */
static bool host_split(const char *host, char out[static HOST_BYTES], bool *ret_six)
{
        bool six = host[0] == '[';
        size_t length = strcspn(host += six, six ? "]" : ":");
        if (length == 0 || length >= HOST_BYTES || (six && host[length] != ']'))
                return false;
        memcpy(out, host, length);
        out[length] = '\0';
        *ret_six = six;
        const char *port = host + length + six;
        return *port == '\0' || (*port == ':' && port[1 + strspn(port + 1, "0123456789")] == '\0');
}

static bool names_contain(const char *names, const char *name)
{
        size_t length = strlen(name);
        while (*names) {
                names += strspn(names, ", \t");
                size_t n = strcspn(names, ", \t");
                if (n == length && strncasecmp(names, name, n) == 0)
                        return true;
                names += n;
        }
        return false;
}

bool host_is_allowed(const char *host, const char *host_names)
{
        char name[HOST_BYTES];
        struct in6_addr address;
        bool six;
        if (!host)
                return true;
        if (!host_split(host, name, &six))
                return false;
        if (inet_pton(six ? AF_INET6 : AF_INET, name, &address) == 1)
                return true;
        return !six && (strcasecmp(name, "localhost") == 0 ||
                        (host_names && names_contain(host_names, name)));
}
