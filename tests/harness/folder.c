/*
 * folder: see the header.
 */
#include "harness/folder.h"
#include <dirent.h>
#include <dlfcn.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { FOLDERS_MAX = 8, EXPLAINED_MAX = 3, END_BYTES = 8 * 1024 };

/* Of this process. */
static char folders[FOLDERS_MAX][HARNESS_FOLDER_SIZE];

void harness_folder_make(const char *kind, char out[HARNESS_FOLDER_SIZE])
{
        (void)snprintf(out, HARNESS_FOLDER_SIZE, "/tmp/edgemirror-%s-XXXXXX", kind);
        assert_non_null(mkdtemp(out));
        for (int i = 0; i < FOLDERS_MAX; i++)
                if (!folders[i][0]) {
                        (void)strcpy(folders[i], out);
                        break;
                }
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
        (void)st;
        (void)type;
        (void)ftw;
        return remove(path);
}

void harness_folder_remove(const char *folder)
{
        (void)nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
        for (int i = 0; i < FOLDERS_MAX; i++)
                if (strcmp(folders[i], folder) == 0)
                        folders[i][0] = '\0';
}

/* ---- what explains a failure ---------------------------------------------------------------- */

static bool is_log(const char *name)
{
        const char *dot = strrchr(name, '.');
        const char *kind = dot ? dot + 1 : name;
        return strcmp(kind, "err") == 0 || strcmp(kind, "out") == 0 || strcmp(name, "log") == 0;
}

static void print_end(const char *folder, const char *name)
{
        char path[HARNESS_FOLDER_SIZE + 300], text[END_BYTES + 1];
        (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
        FILE *file = fopen(path, "re");
        if (!file)
                return;
        if (fseek(file, -END_BYTES, SEEK_END) < 0)
                rewind(file);
        size_t size = fread(text, 1, END_BYTES, file);
        (void)fclose(file);
        text[size] = '\0';
        if (size > 0)
                print_message("# the end of %s:\n", path);
        for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
                print_message("#   %s\n", line);
}

static void explain(void)
{
        static int n;
        if (n++ >= EXPLAINED_MAX)
                return;
        for (int i = 0; i < FOLDERS_MAX; i++) {
                DIR *directory = folders[i][0] ? opendir(folders[i]) : NULL;
                const struct dirent *entry;
                while (directory && (entry = readdir(directory)))
                        if (is_log(entry->d_name))
                                print_end(folders[i], entry->d_name);
                if (directory)
                        (void)closedir(directory);
        }
}

/* In place of cmocka's, which every assertion that fails calls. */
void _fail(const char *const file, const int line)
{
        void (*cmocka_fail)(const char *, int);
        *(void **)&cmocka_fail = dlsym(RTLD_NEXT, "_fail");
        explain();
        cmocka_fail(file, line);
        abort(); /* it does not come back, which its type does not say everywhere */
}

__attribute__((constructor)) static void choose_tests(void)
{
        const char *pattern = getenv("EDGEMIRROR_TESTS");
        if (pattern)
                cmocka_set_test_filter(pattern);
}
