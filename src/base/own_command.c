#include "base/own_command.h"
#include "base/file.h"
#include "base/text.h"
#include <stdio.h>

#define NAME "edgemirror"

static char own[OWN_COMMAND_BYTES] = NAME;

void own_command_set(const char *config_file)
{
        _cleanup_(text_done) Text quoted = {0};
        _cleanup_(cleanup_free) char *path = config_file ? file_absolute(config_file) : NULL;
        bool whole = path && text_append_quoted(&quoted, path) >= 0 &&
                     quoted.size < sizeof(own) - sizeof(NAME " -c ") && text_is_printable(path);
        (void)snprintf(own, sizeof(own), NAME "%s%s", config_file ? " -c " : "",
                       !config_file ? ""
                       : whole      ? quoted.data
                                    : "FILE");
}

const char *own_command(void)
{
        return own;
}
