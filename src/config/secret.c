/*
 * Everything is judged on the opened file, so that nobody can exchange it in between. Symbolic
 * links are followed: systemd's credentials may be some. The bytes are in one buffer of fixed size
 * that is overwritten before it goes, and in what the caller gets; nowhere else, and in no message.
 */
#include "config/secret.h"
#include "base/file.h"
#include "base/limits.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define CREDENTIAL_PREFIX "credential:"
#define CREDENTIAL_STORE  "/etc/credstore/"

typedef struct SecretBuffer {
        size_t size;
        /* the newline, and one byte that shows that there is more */
        char bytes[LIMIT_SECRET_MAX_BYTES + 3];
} SecretBuffer;

static void cleanup_secret_buffer(SecretBuffer *b)
{
        explicit_bzero(b, sizeof(*b));
}

bool secret_name_is_valid(const char *name)
{
        return *name != '\0' && !strchr(name, '/') && !text_equal(name, ".") &&
               !text_equal(name, "..");
}

static int credentials_absent(const char *name, Fault *ret_fault)
{
        return fault_set(ret_fault, FAULT_PROCESS, ENOENT, CODE_SECRET_NO_CREDENTIALS,
                         "credential:%s: $CREDENTIALS_DIRECTORY is not set; systemd sets it for a "
                         "unit with LoadCredential=%s:PATH; elsewhere name the file itself",
                         name, name);
}

/* The path of a credential. */
static int secret_find_credential(const char *name, char path[PATH_MAX], Fault *ret_fault)
{
        if (!secret_name_is_valid(name))
                return fault_set(
                        ret_fault, FAULT_PROCESS, EINVAL, CODE_SECRET_NAME,
                        "credential:%s: the name of a credential is not empty and holds no slash",
                        name);

        const char *directory = getenv("CREDENTIALS_DIRECTORY");
        if (!directory || *directory == '\0')
                return credentials_absent(name, ret_fault);
        int n = snprintf(path, PATH_MAX, "%s/%s", directory, name);
        if (n < 0 || n >= PATH_MAX)
                return fault_set(ret_fault, FAULT_PROCESS, ENAMETOOLONG, CODE_SECRET_NAME,
                                 "credential:%s: the path is too long", name);
        return 0;
}

/* Only its owner may use it. A secret that is mounted into a container belongs to root, and who
 * reads it cannot change that: then its group may read it. */
static bool secret_is_private(const struct stat *st)
{
        bool is_mounted = st->st_uid == 0 && geteuid() != 0;
        mode_t others = S_IRWXG | S_IRWXO;
        return (st->st_mode & (is_mounted ? others & ~(mode_t)S_IRGRP : others)) == 0;
}

/* Who owns the file, where that is neither root nor this user. It may be the service's user, to
 * whom it is to stay, or whoever made the file for the service, which this is. NULL: it is not so,
 * or they have no name here (as in a container). */
static const char *secret_other_owner(const struct stat *st)
{
        bool other = st->st_uid != 0 && st->st_uid != geteuid();
        const struct passwd *owner = other ? getpwuid(st->st_uid) : NULL;
        return owner ? owner->pw_name : NULL;
}

static int secret_exposed(const char *where, const char *path, const struct stat *st,
                          Fault *ret_fault)
{
        unsigned mode = (unsigned)(st->st_mode & 07777);
        _cleanup_(text_done) Text quoted = {0};
        if (text_append_quoted(&quoted, path) < 0)
                return fault_no_memory(ret_fault);
        if (st->st_uid == geteuid())
                return fault_set(ret_fault, FAULT_PROCESS, EPERM, CODE_SECRET_EXPOSED,
                                 "%s: others than its owner may use this file (mode %04o); run: "
                                 "chmod 600 %s",
                                 where, mode, quoted.data);
        const char *owner = secret_other_owner(st);
        if (owner)
                return fault_set(ret_fault, FAULT_PROCESS, EPERM, CODE_SECRET_EXPOSED,
                                 "%s: others than its owner may use this file (mode %04o), which "
                                 "belongs to %s; where that is the service's user: chmod 600 %s, "
                                 "and run this as that user (as root: runuser -u %s -- …); "
                                 "otherwise let the service's user own it, with mode 0600",
                                 where, mode, owner, quoted.data, owner);
        return fault_set(
                ret_fault, FAULT_PROCESS, EPERM, CODE_SECRET_EXPOSED,
                "%s: others than its owner may use this file (mode %04o, owned by uid %ld); let "
                "the user that runs edgemirror (uid %ld) own it, with mode 0600; a secret that is "
                "mounted into a container: owned by root, mode 0440, with a group of that user "
                "(Kubernetes: defaultMode: 0440 and fsGroup)",
                where, mode, (long)st->st_uid, (long)geteuid());
}

/* systemd keeps the credentials of a unit in a directory of the unit's name. Those of a command by
 * hand may be of any file. */
static int credential_missing(const char *where, const char *path, Fault *ret_fault)
{
        static const char of_instance[] = "/edgemirror@", of_service[] = "/edgemirror.service/";
        const char *name = where + strlen(CREDENTIAL_PREFIX);
        const char *unit = strstr(path, of_instance);
        const char *instance = unit ? unit + strlen(of_instance) : "";
        const char *end = strstr(instance, ".service/");
        int size = end ? (int)(end - instance) : 0;
        if (size == 0 && !strstr(path, of_service))
                return fault_set(ret_fault, FAULT_PROCESS, ENOENT, CODE_SECRET_NO_CREDENTIALS,
                                 "%s: %s does not exist; create what LoadCredential=%s:PATH of "
                                 "this unit names in " CREDENTIAL_STORE
                                 ", owned by root, with mode 0600, or add it to the unit",
                                 where, path, name);
        return fault_set(ret_fault, FAULT_PROCESS, ENOENT, CODE_SECRET_MISSING,
                         "%s: %s does not exist; create " CREDENTIAL_STORE
                         "edgemirror%s%.*s.%s, owned "
                         "by root, with mode 0600, or add LoadCredential=%s:PATH to the unit",
                         where, path, size > 0 ? "." : "", size, instance, name, name);
}

static int secret_denied(const char *where, const char *path, Fault *ret_fault)
{
        _cleanup_(text_done) Text quoted = {0};
        struct stat st;
        if (text_starts_with(path, CREDENTIAL_STORE))
                return fault_set(ret_fault, FAULT_PROCESS, EACCES, CODE_SECRET_DENIED,
                                 "%s: systemd reads this directory and passes its files on: name "
                                 "this one credential:NAME, with LoadCredential=NAME:%s in the "
                                 "unit; edgemirror.service has that for " CREDENTIAL_STORE
                                 "edgemirror.catalog and credential:catalog",
                                 where, path);
        if (text_append_quoted(&quoted, path) < 0)
                return fault_no_memory(ret_fault);
        const char *owner = stat(path, &st) == 0 ? secret_other_owner(&st) : NULL;
        if (owner)
                return fault_set(ret_fault, FAULT_PROCESS, EACCES, CODE_SECRET_DENIED,
                                 "%s: may not be read by this user (uid %ld); it belongs to %s: "
                                 "where that is the service's user, run this as that user (as "
                                 "root: runuser -u %s -- …); otherwise let the service's user own "
                                 "it: chown USER %s",
                                 where, (long)geteuid(), owner, owner, quoted.data);
        return fault_set(ret_fault, FAULT_PROCESS, EACCES, CODE_SECRET_DENIED,
                         "%s: may not be read by this user (uid %ld); let it own the file: chown "
                         "%ld %s; mounted into a container: mode 0440 and a group of this user",
                         where, (long)geteuid(), (long)geteuid(), quoted.data);
}

/* Opens the file and refuses what is not a private regular file. */
static int secret_open(const char *where, const char *path, bool is_credential, bool is_secret,
                       int *ret_fd, Fault *ret_fault)
{
        /* O_NONBLOCK: a fifo must not make the service wait */
        _cleanup_(cleanup_close) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
        struct stat st;
        if (fd < 0 && errno == ENOENT && is_credential)
                return credential_missing(where, path, ret_fault);
        if (fd < 0 && errno == ENOENT)
                return fault_set(ret_fault, FAULT_PROCESS, ENOENT, CODE_SECRET_MISSING,
                                 "%s: no such file; create it, owned by the user that runs "
                                 "edgemirror, with mode 0600",
                                 where);
        if (fd < 0 && errno == EACCES)
                return secret_denied(where, path, ret_fault);
        if (fd < 0 || fstat(fd, &st) < 0) {
                int e = errno;
                return fault_set(ret_fault, FAULT_PROCESS, e,
                                 error_is_shortage(e) ? CODE_NO_RESOURCES : CODE_SECRET_UNREADABLE,
                                 "%s: cannot be opened: %s", where, strerrordesc_np(e));
        }
        if (!S_ISREG(st.st_mode))
                return fault_set(ret_fault, FAULT_PROCESS, EINVAL, CODE_SECRET_NOT_A_FILE,
                                 "%s: not a regular file; name a file that holds the secret",
                                 where);
        if (is_secret && !is_credential && !secret_is_private(&st))
                return secret_exposed(where, path, &st, ret_fault);
        *ret_fd = fd;
        fd = -1;
        return 0;
}

/* What some editors put before the text. It is no part of a password, and to drop it would hide
 * that the file is not what it seems. */
static bool secret_has_byte_order_mark(const SecretBuffer *b)
{
        /* UTF-8, UTF-16 */
        static const char *const marks[] = {"\xef\xbb\xbf", "\xff\xfe", "\xfe\xff"};
        for (size_t i = 0; i < ARRAY_SIZE(marks); i++)
                if (b->size >= strlen(marks[i]) &&
                    memcmp(b->bytes, marks[i], strlen(marks[i])) == 0)
                        return true;
        return false;
}

static int secret_validate_text(const char *where, SecretBuffer *b, Fault *ret_fault)
{
        if (secret_has_byte_order_mark(b))
                return fault_set(ret_fault, FAULT_PROCESS, EINVAL, CODE_SECRET_MALFORMED,
                                 "%s: begins with a byte order mark; save it as UTF-8 without one",
                                 where);
        if (b->size == 0)
                return fault_set(ret_fault, FAULT_PROCESS, EINVAL, CODE_SECRET_EMPTY,
                                 "%s: the file is empty; write the secret into it", where);
        if (b->size > LIMIT_SECRET_MAX_BYTES)
                return fault_set(
                        ret_fault, FAULT_PROCESS, EFBIG, CODE_SECRET_TOO_LARGE,
                        "%s: more than %d bytes; a secret is one line, is this the right file?",
                        where, LIMIT_SECRET_MAX_BYTES);
        if (memchr(b->bytes, '\0', b->size))
                return fault_set(ret_fault, FAULT_PROCESS, EINVAL, CODE_SECRET_MALFORMED,
                                 "%s: holds a NUL byte; write the secret alone into it", where);
        return 0;
}

/* Drops one newline and looks at what is left. */
static int secret_validate_line(const char *where, SecretBuffer *b, Fault *ret_fault)
{
        if (b->size > 0 && b->bytes[b->size - 1] == '\n') {
                b->size--;
                if (b->size > 0 && b->bytes[b->size - 1] == '\r')
                        b->size--;
        }
        int r = secret_validate_text(where, b, ret_fault);
        if (r >= 0 && (memchr(b->bytes, '\n', b->size) || memchr(b->bytes, '\r', b->size)))
                return fault_set(ret_fault, FAULT_PROCESS, EINVAL, CODE_SECRET_MALFORMED,
                                 "%s: more than one line; write the secret alone into it", where);
        return r;
}

typedef int (*SecretValidator)(const char *where, SecretBuffer *b, Fault *ret_fault);

static int secret_read_as(const char *where, bool is_secret, SecretValidator validate, Text *ret,
                          Fault *ret_fault)
{
        _cleanup_(cleanup_secret_buffer) SecretBuffer buffer = {0};
        _cleanup_(cleanup_close) int fd = -1;
        bool is_credential = text_starts_with(where, CREDENTIAL_PREFIX);
        char path[PATH_MAX];
        int r;
        if (is_credential)
                r = secret_find_credential(where + strlen(CREDENTIAL_PREFIX), path, ret_fault);
        else if (where[0] != '/' ||
                 strlen(where) >= sizeof(path)) /* not repeated: it may be the secret itself */
                r = fault_set(ret_fault, FAULT_PROCESS, EINVAL, CODE_SECRET_NAME,
                              "a secret is named by an absolute path or by credential:NAME, and "
                              "this is neither");
        else {
                (void)snprintf(path, sizeof(path), "%s", where);
                r = 0;
        }
        if (r == 0)
                r = secret_open(where, path, is_credential, is_secret, &fd, ret_fault);
        int error = r == 0 ? file_read(fd, buffer.bytes, sizeof(buffer.bytes), &buffer.size) : 0;
        if (error < 0)
                r = fault_set(ret_fault, FAULT_PROCESS, -error, CODE_SECRET_UNREADABLE,
                              "%s: cannot be read: %s", where, strerrordesc_np(-error));
        if (r == 0)
                r = validate(where, &buffer, ret_fault);
        if (r < 0)
                return r;
        /* in one piece: growing would leave copies behind */
        if (text_append(ret, buffer.bytes, buffer.size) < 0)
                return fault_set(ret_fault, FAULT_PROCESS, ENOMEM, CODE_NO_MEMORY,
                                 "%s: out of memory", where);
        return 0;
}

int secret_read(const char *where, Text *ret, Fault *ret_fault)
{
        return secret_read_as(where, true, secret_validate_line, ret, ret_fault);
}

int secret_read_text(const char *where, bool is_secret, Text *ret, Fault *ret_fault)
{
        return secret_read_as(where, is_secret, secret_validate_text, ret, ret_fault);
}
