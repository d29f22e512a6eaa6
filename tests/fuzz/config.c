/*
 * Targets of src/config: configuration files and files of secrets, from a file in memory.
 */
#include "config/config.h"
#include "base/limits.h"
#include "config/secret.h"
#include "fuzz/fuzz.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Each error is a line, "FILE:LINE: what; accepted: form", or one about the file as a whole. */
static void check_errors(const char *path, char *errors)
{
        FUZZ_CHECK(errors && errors[0] && errors[strlen(errors) - 1] == '\n');
        for (char *line = errors, *end; *line; line = end + 1) {
                end = strchr(line, '\n');
                *end = '\0';
                fuzz_check_printable(line, 16 * 1024);
                FUZZ_CHECK(strncmp(line, path, strlen(path)) == 0 || strstr(line, "more"));
        }
}

/* Scheme, host and port and nothing else, as libcurl is to have it. */
static void check_proxy(const ConfigCatalog *catalog)
{
        const char *proxy = catalog->proxy;
        if (!proxy)
                return;
        FUZZ_CHECK(text_starts_with(proxy, "http://") || text_starts_with(proxy, "https://"));
        const char *authority = strstr(proxy, "://") + 3, *port = strrchr(authority, ':');
        FUZZ_CHECK(!strpbrk(authority, "/@?#% ") && port && port > authority);
        FUZZ_CHECK(port[1 + strspn(port + 1, "0123456789")] == '\0' && port[1] != '\0');
        FUZZ_CHECK(!catalog->plain_http && !catalog->token_plain_http);
}

static void check_config(const Config *config)
{
        check_proxy(&config->catalog);
        FUZZ_CHECK(config->catalog.url && config->postgres.conninfo && config->daemon.instance);
        FUZZ_CHECK(config->n_edges > 0);
        for (size_t i = 0; i < config->n_edges; i++) {
                const ConfigEdge *e = &config->edges[i];
                fuzz_check_printable(e->name, LIMIT_EDGE_NAME_MAX_BYTES);
                FUZZ_CHECK(i == 0 || strcmp(config->edges[i - 1].name, e->name) < 0);
                FUZZ_CHECK(config_find_edge(config, e->name) == e &&
                           config_find_edge_by_id(config, &e->id) == e);
                FUZZ_CHECK((e->zone || config->warnings) && e->schedule_text &&
                           e->settings.page_size >= 1 &&
                           e->settings.page_size <= LIMIT_PAGE_SIZE_MAX);
                FUZZ_CHECK(e->settings.polling.poll_min_usec <= e->settings.polling.poll_max_usec);
        }
        FUZZ_CHECK(config_same_peers(config, config));
}

void fuzz_config(const uint8_t *data, size_t size)
{
        char path[32];
        int fd = fuzz_file(data, size, 0600, path);
        Config *config = NULL;
        Text errors = {0};
        int r = config_load(path, &config, &errors);
        if (r == 0) {
                FUZZ_CHECK(config && errors.size == 0);
                check_config(config);
        } else {
                FUZZ_CHECK(!config);
                FUZZ_CHECK(strlen(errors.data ? errors.data : "") == errors.size);
                check_errors(path, errors.data);
        }
        (void)config_free(config);
        text_done(&errors);
        (void)close(fd);
}

/* What a file of a secret holds, said once more: one line, with or without its end, without a byte
 * order mark. False: refused. */
static bool read_secret(const uint8_t *data, size_t size, size_t *ret_size)
{
        static const char *const marks[] = {"\xef\xbb\xbf", "\xff\xfe", "\xfe\xff"};
        if (size > 0 && data[size - 1] == '\n')
                size -= size > 1 && data[size - 2] == '\r' ? 2 : 1;
        *ret_size = size;
        for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
                if (size >= strlen(marks[i]) && memcmp(data, marks[i], strlen(marks[i])) == 0)
                        return false;
        return size > 0 && size <= LIMIT_SECRET_MAX_BYTES && !memchr(data, '\n', size) &&
               !memchr(data, '\r', size) && !memchr(data, '\0', size);
}

void fuzz_secret(const uint8_t *data, size_t size)
{
        char path[32];
        int fd = fuzz_file(data, size, 0600, path);
        Text secret = {0};
        Fault fault = {0};
        size_t expected;
        bool accepted = read_secret(data, size, &expected);
        int r = secret_read(path, &secret, &fault);
        FUZZ_CHECK((r == 0) == accepted);
        if (accepted) {
                FUZZ_CHECK(secret.size == expected && memcmp(secret.data, data, expected) == 0);
        } else {
                FUZZ_CHECK(secret.size == 0 && fault.scope == FAULT_PROCESS);
                fuzz_check_printable(fault.message, sizeof(fault.message) - 1);
                /* No part of the secret is in the message. */
                FUZZ_CHECK(size < 16 || !memmem(fault.message, strlen(fault.message), data, 16));
        }
        text_wipe(&secret);
        (void)close(fd);
}
