#include "cli/by_hand.h"
#include "base/text.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CREDENTIAL_PREFIX "credential:"
#define VARIABLE_PREFIX   "EDGEMIRROR_"

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

static int append_variables(Text *command)
{
        int r = 0;
        for (char *const *v = environ; *v && r >= 0; v++) {
                if (!text_starts_with(*v, VARIABLE_PREFIX))
                        continue;
                _cleanup_(cleanup_free) char *name = strndup(*v, strcspn(*v, "="));
                r = name ? text_append_string(command, " --setenv=") : -ENOMEM;
                if (r >= 0)
                        r = text_append_quoted(command, name);
        }
        return r;
}

static int append_command(Text *command, const Config *config, const char *path)
{
        int r = text_append_string(command, "systemd-run --quiet --collect --wait --pty --pipe -p "
                                            "User=edgemirror");
        if (r >= 0)
                r = append_credentials(command, config, path);
        if (r >= 0)
                r = append_variables(command);
        if (r >= 0)
                r = text_append_string(command, " edgemirror ");
        if (r >= 0 && !text_equal(path, CONFIG_DEFAULT_FILE)) {
                r = text_append_string(command, "-c ");
                if (r >= 0)
                        r = text_append_quoted(command, path);
                if (r >= 0)
                        r = text_append_string(command, " ");
        }
        return r < 0 ? r : text_append_string(command, "COMMAND");
}

void by_hand_advise(Fault *fault, const Config *config, const char *config_file)
{
        _cleanup_(text_done) Text command = {0};
        Fault words;
        if (fault->code != CODE_SECRET_NO_CREDENTIALS)
                return;
        /* systemd-run starts in another directory */
        const char *file = config_file ? config_file : CONFIG_DEFAULT_FILE;
        _cleanup_(cleanup_free) char *path = realpath(file, NULL);
        if (append_command(&command, config, path ? path : file) < 0)
                return;
        (void)fault_set(&words, fault->scope, ENOENT, fault->code, "%s; by hand, as root: %s",
                        fault->message, command.data);
        memcpy(fault->message, words.message, sizeof(fault->message));
}
