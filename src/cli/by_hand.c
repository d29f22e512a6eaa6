#include "cli/by_hand.h"
#include "base/file.h"
#include "base/text.h"
#include "config/variables.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CREDENTIAL_PREFIX "credential:"

/* Of the units edgemirror and edgemirror@NAME the source of a credential: "edgemirror" or
 * "edgemirror.NAME", a point and the credential. NULL: it is neither's configuration. */
static char *source_of(const char *path)
{
        static const char directory[] = SYSCONFDIR "/edgemirror/", suffix[] = ".conf";
        if (text_equal(path, CONFIG_DEFAULT_FILE))
                return strdup("edgemirror");
        size_t n = strlen(path), before = strlen(directory), after = strlen(suffix);
        if (!text_starts_with(path, directory) || strchr(path + before, '/') ||
            n <= before + after || !text_equal(path + n - after, suffix))
                return NULL;
        return text_format("edgemirror.%.*s", (int)(n - before - after), path + before);
}

static int append_credential(Text *command, const char *where, const char *source)
{
        if (!where || !text_starts_with(where, CREDENTIAL_PREFIX))
                return 0;
        const char *name = where + strlen(CREDENTIAL_PREFIX);
        _cleanup_(cleanup_free) char *property =
                source ? text_format("LoadCredential=%s:%s.%s", name, source, name)
                       : text_format("LoadCredential=%s:PATH", name);
        int r = property ? text_append_string(command, " -p ") : -ENOMEM;
        return r < 0 ? r : text_append_quoted(command, property);
}

static int append_credentials(Text *command, const Config *config, const char *path)
{
        const char *const files[] = {
                config_catalog_secret(&config->catalog),
                config->catalog.cert_file,
                config->catalog.key_file,
                config->catalog.proxy_password_file,
                config->postgres.password_file,
                config->notify.url_file,
        };
        _cleanup_(cleanup_free) char *source = source_of(path);
        int r = 0;
        for (size_t i = 0; i < ARRAY_SIZE(files) && r >= 0; i++)
                r = append_credential(command, files[i], source);
        return r;
}

/* systemd-run starts in another directory. */
static int append_file(Text *command, const char *file)
{
        _cleanup_(cleanup_free) char *path = file_absolute(file);
        int r = path ? text_append_string(command, " -c ") : -ENOMEM;
        return r < 0 ? r : text_append_quoted(command, path);
}

int by_hand_command(Text *command, const Config *config, const char *config_file, bool variables)
{
        const char *file = config_file ? config_file : CONFIG_DEFAULT_FILE;
        int r = text_append_string(command, "systemd-run --quiet --collect --wait --pty --pipe -p "
                                            "User=edgemirror");
        if (r >= 0)
                r = append_credentials(command, config, file);
        if (r >= 0 && variables)
                r = variables_append(command, " --setenv=");
        if (r >= 0)
                r = text_append_string(command, " edgemirror");
        if (r >= 0 && !text_equal(file, CONFIG_DEFAULT_FILE))
                r = append_file(command, file);
        return r < 0 ? r : text_append_string(command, " COMMAND");
}
