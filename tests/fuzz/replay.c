/*
 * replay: runs every input that is kept, a test case for each target. An input that was once a
 * finding stays in the corpus, so that it is tried for ever.
 *
 *     replay                   all of corpus/, as TAP
 *     replay TARGET FILE…      these files alone, in this process: for a debugger
 *     replay --list            the names of the targets
 *
 * A target runs in a process of its own: one that breaks does not keep the others from being tried,
 * and is named with its input.
 */
#include "base/cleanup.h"
#include "fuzz/fuzz.h"
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PATH_BYTES = 512, INPUT_MAX_BYTES = 1024 * 1024, TIMEOUT_SEC = 120 };

typedef struct Progress {
        char input[PATH_BYTES]; /* the last one that was begun */
        unsigned n;
} Progress;

static void run_file(const FuzzTarget *target, const char *path)
{
        FILE *f = fopen(path, "re");
        uint8_t *bytes = malloc(INPUT_MAX_BYTES);
        FUZZ_CHECK(f && bytes);
        size_t size = fread(bytes, 1, INPUT_MAX_BYTES, f);
        FUZZ_CHECK(!ferror(f) && feof(f));
        (void)fclose(f);
        uint8_t *exact = (uint8_t *)fuzz_string(bytes, size);
        free(bytes);
        target->run(exact, size);
        free(exact);
}

static int select_visible(const struct dirent *entry)
{
        return entry->d_name[0] != '.';
}

static void run_folder(const FuzzTarget *target, const char *folder, Progress *progress)
{
        struct dirent **entries;
        int n = scandir(folder, &entries, select_visible, alphasort);
        FUZZ_CHECK(n > 0);
        for (int i = 0; i < n; i++) {
                FUZZ_CHECK(snprintf(progress->input, PATH_BYTES, "%s/%s", folder,
                                    entries[i]->d_name) < PATH_BYTES);
                run_file(target, progress->input);
                progress->n++;
                free(entries[i]);
        }
        free(entries);
}

static bool replay_target(const FuzzTarget *target, const char *folder, Progress *progress)
{
        *progress = (Progress){0};
        pid_t pid = fork();
        FUZZ_CHECK(pid >= 0);
        if (pid == 0) {
                (void)alarm(TIMEOUT_SEC);
                run_folder(target, folder, progress);
                exit(0); /* not _exit: leaks are looked for */
        }
        int status;
        FUZZ_CHECK(waitpid(pid, &status, 0) == pid);
        return status == 0;
}

static int replay_all(void)
{
        const char *top = getenv("top_srcdir");
        Progress *progress = mmap(NULL, sizeof(*progress), PROT_READ | PROT_WRITE,
                                  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        FUZZ_CHECK(progress != MAP_FAILED);
        int number = 0, failures = 0;
        for (const FuzzTarget *t = fuzz_targets; t->name; t++) {
                char folder[PATH_BYTES];
                (void)snprintf(folder, sizeof(folder), "%s/tests/fuzz/corpus/%s", top ? top : ".",
                               t->name);
                bool passed = replay_target(t, folder, progress);
                (void)printf("%s %d - %s: the inputs that are kept break no promise\n",
                             passed ? "ok" : "not ok", ++number, t->name);
                if (passed)
                        (void)printf("# %u inputs\n", progress->n);
                else
                        (void)printf("# input: %s\n",
                                     progress->input[0] ? progress->input : folder);
                failures += !passed;
                (void)fflush(stdout);
        }
        (void)printf("1..%d\n", number);
        return failures > 0;
}

int main(int argc, char **argv)
{
        if (argc == 1)
                return replay_all();
        bool asked = strcmp(argv[1], "--help") == 0;
        for (const FuzzTarget *t = fuzz_targets; strcmp(argv[1], "--list") == 0 && t->name; t++)
                (void)printf("%s\n", t->name);
        const FuzzTarget *target = fuzz_find(argv[1]);
        for (int i = 2; target && i < argc; i++)
                run_file(target, argv[i]);
        if (target || strcmp(argv[1], "--list") == 0)
                return 0;
        (void)fputs("usage: replay [--list | TARGET FILE...]\n", asked ? stdout : stderr);
        return asked ? 0 : 2;
}
