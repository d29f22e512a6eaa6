/*
 * What the configuration names is looked at when the clients are opened; and they live as long as
 * somebody holds them, also when the last one lets go inside the loop.
 */
#include "peers/peers.h"
#include "unit/config_files.h"

static void write_secret(const char *path)
{
        files_write(path, "secret\n");
        assert_int_equal(chmod(path, 0600), 0);
}

/* key: with its section, which has a file; name: of that file, in the folder of the test. */
static Peers *new_peers(sd_event *event, const char *folder, const char *key, const char *name)
{
        char text[500];
        (void)snprintf(text, sizeof(text),
                       "[catalog]\nurl = https://c.example\nusername = u\npassword_file = "
                       "%s/password\n" POSTGRES EDGE,
                       folder);
        files_write("t.conf", text);
        (void)snprintf(text, sizeof(text), "%s = %s/%s\n", key, folder, name);
        files_write("t.conf.d/1.conf", text);
        _cleanup_(cleanup_config) Config *config = assert_loaded("t.conf");
        Peers *peers;
        assert_int_equal(peers_new(event, config, &peers), 0);
        return peers;
}

static void what_cannot_be_read_is_named(void **state)
{
        static const struct {
                const char *key, *name, *mirror, *catalog; /* what is said; NULL: it is opened */
        } cases[] = {
                {"[catalog]\npassword_file", "password", NULL, NULL},
                {"[postgres]\npassword_file", "password", NULL, NULL},
                {"[catalog]\nca_file", "password", NULL,
                 "/password holds no certificate in PEM form"},
                {"[postgres]\npassword_file", "nowhere", "password_file of [postgres]: ", NULL},
                {"[catalog]\npassword_file", "nowhere", NULL, "password_file of [catalog]: "},
                {"[catalog]\nca_file", "nowhere", NULL,
                 "/nowhere cannot be read: No such file or directory"},
                {"[catalog]\nca_file", "t.conf.d", NULL,
                 "/t.conf.d cannot be read: Is a directory"},
        };
        sd_event *event;
        assert_int_equal(sd_event_new(&event), 0);
        write_secret("password");
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                _cleanup_(cleanup_peers) Peers *peers =
                        new_peers(event, *state, cases[i].key, cases[i].name);
                Fault fault = {0};
                print_message("# %s %s\n", cases[i].key, cases[i].name);
                assert_int_equal(peers_open_mirror(peers, false, &fault) < 0,
                                 cases[i].mirror != NULL);
                if (cases[i].mirror)
                        assert_non_null(strstr(fault.message, cases[i].mirror));
                assert_int_equal(peers_open_catalog(peers, &fault) < 0, cases[i].catalog != NULL);
                if (cases[i].catalog)
                        assert_non_null(strstr(fault.message, cases[i].catalog));
        }
        sd_event_unref(event);
}

static int let_go(sd_event_source *source, void *userdata)
{
        Peers **peers = userdata;
        *peers = peers_unref(*peers);
        return sd_event_exit(sd_event_source_get_event(source), 0);
}

/* Whoever lets go may be in a callback of one of the clients. The sanitizers see what is left. */
static void the_last_reference_may_go_inside_the_loop(void **state)
{
        sd_event *event;
        sd_event_source *source;
        Fault fault;
        assert_int_equal(sd_event_new(&event), 0);
        write_secret("password");
        Peers *peers = new_peers(event, *state, "[catalog]\npassword_file", "password");
        assert_int_equal(peers_open_mirror(peers, true, &fault), 0);
        assert_int_equal(peers_open_catalog(peers, &fault), 0);
        Peers *another = peers_ref(peers);
        assert_null(peers_unref(another));
        assert_non_null(peers->catalog); /* it is held */
        assert_int_equal(sd_event_add_defer(event, &source, let_go, &peers), 0);
        assert_int_equal(sd_event_loop(event), 0);
        assert_null(peers);
        assert_null(peers_unref(NULL));
        sd_event_source_unref(source);
        sd_event_unref(event);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(what_cannot_be_read_is_named, files_setup,
                                                files_teardown),
                cmocka_unit_test_setup_teardown(the_last_reference_may_go_inside_the_loop,
                                                files_setup, files_teardown),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
