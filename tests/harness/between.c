/*
 * between: see the header.
 */
#include "harness/between.h"
#include "harness/program.h"
#include <arpa/inet.h>
#include <fcntl.h>
#include <pwd.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum { START_TURNS = 3000, ARGUMENTS_MAX = 8, PATHS = 3 }; /* turns of 10 ms */

static const struct {
        const char *package;
        const char *paths[PATHS];
} parts[] = {
        [HARNESS_SQUID] = {"squid", {"/usr/sbin/squid", "/usr/bin/squid"}},
        [HARNESS_TINYPROXY] = {"tinyproxy", {"/usr/bin/tinyproxy", "/usr/sbin/tinyproxy"}},
        [HARNESS_NGINX] = {"nginx", {"/usr/sbin/nginx", "/usr/bin/nginx"}},
        [HARNESS_STUNNEL] = {"stunnel4", {"/usr/bin/stunnel4", "/usr/bin/stunnel"}},
};

static const char *part_find(HarnessPart part)
{
        for (unsigned i = 0; i < PATHS && parts[part].paths[i]; i++)
                if (access(parts[part].paths[i], X_OK) == 0)
                        return parts[part].paths[i];
        return NULL;
}

const char *harness_between_missing(const HarnessPart *wanted, unsigned n)
{
        for (unsigned i = 0; i < n; i++)
                if (!part_find(wanted[i]))
                        return parts[wanted[i]].package;
        return NULL;
}

/* Whom it runs as; NULL: whoever runs the test. */
static const struct passwd *owner(void)
{
        const struct passwd *nobody = geteuid() == 0 ? getpwnam("nobody") : NULL;
        assert_true(nobody || geteuid() != 0);
        return nobody;
}

static void give(const char *path)
{
        const struct passwd *to = owner();
        if (to)
                assert_int_equal(chown(path, to->pw_uid, to->pw_gid), 0);
}

static void between_path(const HarnessBetween *b, const char *name, char out[128])
{
        (void)snprintf(out, 128, "%s/%s", b->folder, name);
}

static void between_write(const HarnessBetween *b, const char *name, const char *text)
{
        char path[128];
        between_path(b, name, path);
        harness_write(b->folder, name, text);
        give(path);
}

static struct sockaddr_in loopback(unsigned port)
{
        return (struct sockaddr_in){.sin_family = AF_INET,
                                    .sin_port = htons((uint16_t)port),
                                    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

void harness_between_init(HarnessBetween *b)
{
        struct sockaddr_in address = loopback(0);
        socklen_t size = sizeof(address);
        *b = (HarnessBetween){0};
        harness_folder_make("between", b->folder);
        give(b->folder);
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
        assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
        (void)close(fd);
        b->port = ntohs(address.sin_port);
}

void harness_between_copy(const HarnessBetween *b, const char *path, const char *name)
{
        char *text = harness_read("", path);
        assert_true(text[0] != '\0');
        between_write(b, name, text);
        free(text);
}

static void run_child(const HarnessBetween *b, const struct passwd *as,
                      const char *const *arguments)
{
        char path[128];
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (as && (setgid(as->pw_gid) < 0 || setuid(as->pw_uid) < 0))
                _exit(126);
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        between_path(b, "output", path);
        int fd = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);
        if (fd < 0 || dup2(fd, STDOUT_FILENO) < 0 || dup2(fd, STDERR_FILENO) < 0)
                _exit(126);
        (void)execv(arguments[0], (char *const *)arguments);
        _exit(127);
}

static bool port_answers(unsigned port)
{
        struct sockaddr_in address = loopback(port);
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        bool answers = connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0;
        (void)close(fd);
        return answers;
}

static void between_run(HarnessBetween *b, HarnessPart part, const char *const *more)
{
        const char *arguments[ARGUMENTS_MAX] = {part_find(part)};
        const struct timespec pause = {.tv_nsec = 10 * 1000 * 1000};
        for (size_t n = 1; *more && n < ARGUMENTS_MAX - 1; more++)
                arguments[n++] = *more;
        const struct passwd *as = owner();
        b->pid = fork();
        assert_true(b->pid >= 0);
        if (b->pid == 0)
                run_child(b, as, arguments);
        for (int i = 0; !port_answers(b->port); i++) {
                if (i == START_TURNS || waitpid(b->pid, NULL, WNOHANG) != 0)
                        fail_msg("%s did not start:\n%s", arguments[0],
                                 harness_read(b->folder, "output"));
                (void)nanosleep(&pause, NULL);
        }
}

/* As basic_ncsa_auth reads it. */
static void write_users(const HarnessBetween *b, const char *username, const char *password)
{
        char command[256], line[256] = "", text[512];
        (void)snprintf(command, sizeof(command), "openssl passwd -apr1 -salt 12345678 '%s'",
                       password);
        FILE *out = popen(command, "re");
        assert_non_null(out);
        assert_non_null(fgets(line, sizeof(line), out));
        assert_int_equal(pclose(out), 0);
        (void)snprintf(text, sizeof(text), "%s:%s", username, line);
        between_write(b, "users", text);
}

void harness_squid_start(HarnessBetween *b, const char *username, const char *password,
                         const char *rules)
{
        static const char *const helpers[] = {"/usr/lib/squid/basic_ncsa_auth",
                                              "/usr/lib64/squid/basic_ncsa_auth"};
        char text[4096], path[128];
        const char *helper = helpers[access(helpers[0], X_OK) == 0 ? 0 : 1];
        int n = snprintf(text, sizeof(text),
                         "http_port 127.0.0.1:%u\npid_filename none\nvisible_hostname localhost\n"
                         "access_log stdio:%s/log\ncache_log %s/output\ncache deny all\n"
                         "coredump_dir none\nmemory_cache_shared off\nshutdown_lifetime 1 second\n"
                         "dns_nameservers 127.0.0.1\npinger_enable off\n",
                         b->port, b->folder, b->folder);
        if (password) {
                write_users(b, username, password);
                n += snprintf(
                        text + n, sizeof(text) - (size_t)n,
                        "auth_param basic program %s %s/users\nauth_param basic children 2\n"
                        "auth_param basic credentialsttl 1 second\nauthenticate_ttl 1 second\n"
                        "acl known proxy_auth REQUIRED\n",
                        helper, b->folder);
        }
        (void)snprintf(text + n, sizeof(text) - (size_t)n,
                       "%shttp_access %s\nhttp_access deny all\n", rules,
                       password ? "allow known" : "allow all");
        between_write(b, "squid.conf", text);
        between_path(b, "squid.conf", path);
        const char *const arguments[] = {"-N", "-f", path, NULL};
        between_run(b, HARNESS_SQUID, arguments);
}

void harness_tinyproxy_start(HarnessBetween *b, const char *username, const char *password)
{
        char text[1024], path[128];
        int n = snprintf(text, sizeof(text),
                         "Port %u\nListen 127.0.0.1\nTimeout 60\nLogFile \"%s/log\"\nLogLevel "
                         "Connect\nMaxClients 20\nAllow 127.0.0.1\n",
                         b->port, b->folder);
        if (password)
                (void)snprintf(text + n, sizeof(text) - (size_t)n, "BasicAuth %s %s\n", username,
                               password);
        between_write(b, "tinyproxy.conf", text);
        between_path(b, "tinyproxy.conf", path);
        const char *const arguments[] = {"-d", "-c", path, NULL};
        between_run(b, HARNESS_TINYPROXY, arguments);
}

void harness_nginx_start(HarnessBetween *b, const char *url, const char *verify)
{
        char text[4096], path[128], errors[128];
        const char *f = b->folder;
        (void)snprintf(
                text, sizeof(text),
                "daemon off;\nmaster_process off;\npid %s/pid;\nerror_log %s/output;\nevents {}\n"
                "http {\nlog_format us '$status \"$ssl_client_s_dn\" \"$request\" "
                "\"$http_proxy_authorization\"';\n"
                "access_log %s/log us;\nclient_body_temp_path %s/t1;\nproxy_temp_path %s/t2;\n"
                "fastcgi_temp_path %s/t3;\nuwsgi_temp_path %s/t4;\nscgi_temp_path %s/t5;\n"
                "server {\nlisten 127.0.0.1:%u ssl;\nssl_certificate %s/server.pem;\n"
                "ssl_certificate_key %s/server.key;\nssl_client_certificate %s/clients.pem;\n"
                "ssl_verify_client %s;\nssl_session_cache shared:s:1m;\n"
                "location / {\nproxy_pass %s;\nproxy_set_header Host $http_host;\n"
                "proxy_http_version 1.1;\nproxy_set_header X-Forwarded-Proto https;\n}\n}\n}\n",
                f, f, f, f, f, f, f, f, b->port, f, f, f, verify, url);
        between_write(b, "nginx.conf", text);
        between_path(b, "nginx.conf", path);
        between_path(b, "output", errors);
        const char *const arguments[] = {"-c", path, "-e", errors, NULL};
        between_run(b, HARNESS_NGINX, arguments);
}

void harness_stunnel_start(HarnessBetween *b, unsigned port, const char *version)
{
        char text[1024], path[128], more[256] = "";
        if (version)
                (void)snprintf(more, sizeof(more),
                               "CAfile = %s/clients.pem\nverifyChain = yes\nsslVersion = %s\n",
                               b->folder, version);
        (void)snprintf(
                text, sizeof(text),
                "foreground = yes\npid =\nsyslog = no\n[it]\naccept = 127.0.0.1:%u\nconnect = "
                "127.0.0.1:%u\ncert = %s/server.pem\nkey = %s/server.key\n%s",
                b->port, port, b->folder, b->folder, more);
        between_write(b, "stunnel.conf", text);
        between_path(b, "stunnel.conf", path);
        const char *const arguments[] = {path, NULL};
        between_run(b, HARNESS_STUNNEL, arguments);
}

void harness_between_stop(HarnessBetween *b)
{
        if (b->pid <= 0)
                return;
        (void)kill(b->pid, SIGKILL); /* it has nothing to finish */
        assert_int_equal(waitpid(b->pid, NULL, 0), b->pid);
        b->pid = 0;
}

void harness_between_destroy(HarnessBetween *b)
{
        harness_between_stop(b);
        if (b->folder[0])
                harness_folder_remove(b->folder);
        *b = (HarnessBetween){0};
}
