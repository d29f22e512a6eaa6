#include "base/own_command.h"
#include "base/file.h"
#include "base/text.h"
#include <stdio.h>
#include <string.h>

#define NAME     "edgemirror"
#define LEFT_OUT "… " /* in place of variables */

static char own[OWN_COMMAND_BYTES] = NAME;

/* Messages make one blank of several. */
static bool is_shown_whole(const char *words)
{
        return text_is_printable(words) && !strstr(words, "  ");
}

void own_command_set(const char *config_file)
{
        _cleanup_(text_done) Text quoted = {0};
        _cleanup_(cleanup_free) char *path = config_file ? file_absolute(config_file) : NULL;
        bool whole = path && text_append_quoted(&quoted, path) >= 0 &&
                     quoted.size <= sizeof(own) - sizeof(LEFT_OUT NAME " -c ") &&
                     is_shown_whole(path);
        (void)snprintf(own, sizeof(own), NAME "%s%s", config_file ? " -c " : "",
                       !config_file ? ""
                       : whole      ? quoted.data
                                    : "FILE");
}

void own_command_add_variables(const char *words)
{
        char before[OWN_COMMAND_BYTES] = LEFT_OUT;
        size_t size = strlen(own) + 1;
        if (is_shown_whole(words) && strlen("env ") + strlen(words) + size <= sizeof(own))
                (void)snprintf(before, sizeof(before), "env%s ", words);
        memmove(own + strlen(before), own, size);
        memcpy(own, before, strlen(before));
}

const char *own_command(void)
{
        return own;
}

const char *own_edge_argument(const char *name, const Uuid *edge, char id[static UUID_STRING_SIZE])
{
        static const char plain[] =
                "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
        bool usable = name && name[0] && name[0] != '-' && name[strspn(name, plain)] == '\0';
        return usable ? name : uuid_format(edge, id);
}
