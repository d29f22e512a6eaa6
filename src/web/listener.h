/*
 * listener: the socket that the monitor accepts connections on.
 */
#pragma once

#include "base/listen_address.h"

/* Binds and listens; text: of listen_address_parse. The file of a unix socket that nobody listens
 * on any more is replaced; it is open to this user and group. ret_fd: the caller's. Negative errno;
 * -ENOTSOCK: a file that is no socket is in its place, and stays there. */
int listener_open(const char *text, int *ret_fd);

/* Removes the file of a unix socket. Does not close. */
void listener_remove_file(int fd);

/* The first listening stream socket that systemd has passed under that name. Returns how many it
 * has passed; -ENOENT: none; -EINVAL: it is something else. It stays open, and is not passed on. */
int listener_passed(const char *name, int *ret_fd);
