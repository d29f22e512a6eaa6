/*
 * reader: one INI file, line by line.
 *
 * INI: [section], key = value (or key : value), comments from ";" or "#" at the
 * start of a line and from " ;" inside one. Lines may be indented; there are no continuation lines.
 * A file may begin with a byte order mark and end its lines with CRLF.
 */
#pragma once

/* What the file holds, in order. The texts are valid during the call only. A negative return stops
 * the reading and is handed on. */
typedef struct ReaderHandler {
        /* "[edge \"a\"]"; NULL: unreadable */
        int (*on_section)(void *userdata, unsigned line, const char *header);
        int (*on_setting)(void *userdata, unsigned line, const char *key, const char *value);
        void (*on_error)(void *userdata, unsigned line, const char *what, const char *accepted);
} ReaderHandler;

/* A negative errno when the file cannot be read: also -EISDIR for a directory, -EINVAL for what
 * else is not a regular file, -EFBIG for more than LIMIT_CONFIG_FILE_BYTES. Never waits on a fifo.
 */
int reader_read_file(const char *path, const ReaderHandler *handler, void *userdata);
