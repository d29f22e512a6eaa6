#include "web/listener.h"
#include "base/cleanup.h"
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <systemd/sd-daemon.h>

enum { BACKLOG = 128, SOCKET_MODE = 0660 };

/* A file that a process left behind when it was killed: connecting to it is refused. */
static int remove_stale_file(const ListenAddress *a)
{
        struct sockaddr_un un;
        struct stat st;
        memcpy(&un, &a->address, sizeof(un));
        if (lstat(un.sun_path, &st) < 0)
                return 0;
        if (!S_ISSOCK(st.st_mode))
                return -ENOTSOCK;
        _cleanup_(cleanup_close) int fd =
                socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd >= 0 && connect(fd, (const struct sockaddr *)&un, sizeof(un)) < 0 &&
            errno == ECONNREFUSED)
                (void)unlink(un.sun_path);
        return 0;
}

static int listener_bind(int fd, const ListenAddress *a)
{
        static const int yes = 1;
        bool is_file = a->address.ss_family == AF_UNIX;
        int r = is_file ? remove_stale_file(a) : 0;
        if (r < 0)
                return r;
        if (!is_file && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) < 0)
                return -errno;
        if (bind(fd, (const struct sockaddr *)&a->address, a->size) < 0)
                return -errno;
        if (is_file && chmod(((const struct sockaddr_un *)&a->address)->sun_path, SOCKET_MODE) < 0)
                return -errno;
        return listen(fd, BACKLOG) < 0 ? -errno : 0;
}

int listener_open(const char *text, int *ret_fd)
{
        ListenAddress a;
        int r = listen_address_parse(text, &a);
        if (r < 0)
                return r;
        _cleanup_(cleanup_close) int fd =
                socket(a.address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd < 0)
                return -errno;
        r = listener_bind(fd, &a);
        if (r < 0)
                return r;
        *ret_fd = fd;
        fd = -1;
        return 0;
}

void listener_remove_file(int fd)
{
        struct sockaddr_un un = {0};
        socklen_t size = sizeof(un);
        if (getsockname(fd, (struct sockaddr *)&un, &size) == 0 && un.sun_family == AF_UNIX &&
            un.sun_path[0] == '/')
                (void)unlink(un.sun_path);
}

int listener_passed(const char *name, int *ret_fd)
{
        char **names = NULL;
        int n = sd_listen_fds_with_names(true, &names), n_named = 0, r = -ENOENT;
        for (int i = 0; i < n; i++) {
                int fd = SD_LISTEN_FDS_START + i;
                if (strcmp(names[i], name) == 0 && n_named++ == 0) {
                        r = sd_is_socket(fd, AF_UNSPEC, SOCK_STREAM, 1) > 0 ? 0 : -EINVAL;
                        *ret_fd = fd;
                }
                free(names[i]);
        }
        free(names);
        return n < 0 ? n : r < 0 ? r : n_named;
}
