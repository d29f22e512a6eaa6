/*
 * cleanup: release on leaving scope, and the transfer of ownership.
 *
 * A local that owns something is declared with _cleanup_(function); the function takes a pointer to
 * the local and accepts NULL content. TAKE hands the content on, a pointer or a struct, and leaves
 * zeros behind, so that the release finds nothing.
 */
#pragma once

#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#define _cleanup_(f)   __attribute__((cleanup(f)))
#define _printf_(a, b) __attribute__((format(printf, a, b)))
#define _unused_       __attribute__((unused))
#define _fallthrough_  __attribute__((fallthrough))

#define TAKE(owned)                                                                                \
        ({                                                                                         \
                __typeof__(owned) *_from = &(owned), _taken = *_from;                              \
                *_from = (__typeof__(owned)){0};                                                   \
                _taken;                                                                            \
        })

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* Defines cleanup_NAME(), for _cleanup_, from a release function `release` that takes a TYPE
 * pointer and need not accept NULL. */
#define DEFINE_CLEANUP(type, name, release)                                                        \
        static inline void cleanup_##name(type **p)                                                \
        {                                                                                          \
                if (*p)                                                                            \
                        (void)release(*p);                                                         \
        }

static inline void cleanup_free(void *p)
{
        free(*(void **)p);
}

static inline void cleanup_close(int *fd)
{
        if (*fd >= 0)
                (void)close(*fd);
}
