#include "daemon/reload.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/message_id.h"
#include "base/metric.h"
#include <string.h>
#include <systemd/sd-daemon.h>

static int reload_config(const char *config_file, Config **ret)
{
        _cleanup_(text_done) Text errors = {0};
        int r = config_load(config_file, ret, &errors);
        if (r < 0 && errors.size > 0)
                log_lines(LOG_LEVEL_ERROR, errors.data);
        else if (r < 0)
                log_error("the configuration cannot be read: %s", strerrordesc_np(-r));
        return r;
}

static int reload_try(sd_event *event, const char *config_file, Peers *in_force, Config **ret,
                      Peers **ret_peers)
{
        _cleanup_(cleanup_config) Config *config = NULL;
        Fault fault;
        metric_set(METRIC_CONFIG_RELOAD_SUCCESSFUL, 0, 0);
        int r = reload_config(config_file, &config);
        if (r < 0)
                return r;
        r = peers_open(event, config, in_force, ret_peers, &fault);
        if (r < 0) {
                log_error("%s", fault.message);
                return r;
        }
        *ret = TAKE(config);
        return 0;
}

int reload_open(sd_event *event, const char *config_file, Peers *in_force, Config **ret,
                Peers **ret_peers)
{
        (void)sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%llu",
                         (unsigned long long)clock_monotonic_usec());
        int r = reload_try(event, config_file, in_force, ret, ret_peers);
        if (r < 0)
                log_event(LOG_LEVEL_ERROR, MESSAGE_ID_RELOAD_REFUSED, LOG_NO_FIELDS,
                          "reload failed, keeping the previous configuration");
        return r;
}

void reload_succeeded(void)
{
        metric_set(METRIC_CONFIG_RELOAD_SUCCESSFUL, 0, 1);
        (void)metric_set_time(METRIC_CONFIG_RELOAD_TIME, 0);
}
