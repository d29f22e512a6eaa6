#include "base/file.h"
#include <errno.h>
#include <unistd.h>

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
