#include "base/file.h"
#include "base/text.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>

char *file_absolute(const char *path)
{
        if (path[0] == '/')
                return strdup(path);
        _cleanup_(cleanup_free) char *here = get_current_dir_name();
        return here ? text_format("%s/%s", here, path) : NULL;
}

int file_read(int fd, void *buffer, size_t size, size_t *ret_size)
{
        size_t done = 0;
        while (done < size) {
                ssize_t n = read(fd, (char *)buffer + done, size - done);
                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                if (n == 0)
                        break;
                done += (size_t)n;
        }
        *ret_size = done;
        return 0;
}

static int file_write(int fd, const char *bytes, size_t size)
{
        for (size_t done = 0; done < size;) {
                ssize_t n = write(fd, bytes + done, size - done);
                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                done += (size_t)n;
        }
        return fsync(fd) < 0 ? -errno : 0;
}

/* Of the directory that the file is in, so that the name is on the disk, too: what there is to
 * sync; -1: nothing, where names may be made but not read. Negative errno beyond that. */
static int file_open_directory(const char *path, int *ret)
{
        const char *slash = strrchr(path, '/');
        _cleanup_(cleanup_free) char *directory =
                slash ? text_format("%.*s", (int)(slash - path) + 1, path) : strdup(".");
        if (!directory)
                return -ENOMEM;
        *ret = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        return *ret < 0 && errno != EACCES ? -errno : 0;
}

/* link() is what never replaces. A file system that cannot sync a directory says EINVAL. */
static int file_write_and_link(const char *path, char *temporary, const char *bytes, size_t size)
{
        _cleanup_(cleanup_close) int directory = -1;
        int r = file_open_directory(path, &directory);
        if (r < 0)
                return r;
        _cleanup_(cleanup_close) int fd = mkostemp(temporary, O_CLOEXEC);
        if (fd < 0)
                return -errno;
        r = file_write(fd, bytes, size);
        if (r >= 0 && link(temporary, path) < 0)
                r = -errno;
        (void)unlink(temporary);
        if (r >= 0 && directory >= 0 && fsync(directory) < 0 && errno != EINVAL) {
                r = -errno;
                (void)unlink(path);
        }
        return r;
}

int file_write_new(const char *path, const char *bytes, size_t size)
{
        _cleanup_(cleanup_free) char *temporary = text_format("%s.XXXXXX", path);
        sigset_t all, before;
        if (!temporary)
                return -ENOMEM;
        (void)sigfillset(&all);
        (void)sigprocmask(SIG_BLOCK, &all, &before);
        int r = file_write_and_link(path, temporary, bytes, size);
        (void)sigprocmask(SIG_SETMASK, &before, NULL);
        return r;
}
