/*
 * edge_api: what the model's edges are to the Edge API. Every five edges in the order in which they
 * were made are on one site. The parameters of a connection hold a password, as in life: who shows
 * it is found out.
 */
#include "catalogd/edge_api.h"

#include <errno.h>
#include <stdio.h>

enum { EDGES_PER_SITE = 5 };

static void add_id(cJSON *object, const char *name, const Uuid *id)
{
        char text[UUID_STRING_SIZE];

        cJSON_AddStringToObject(object, name, uuid_format(id, text));
}

static Uuid site_id(const Site *site, uint64_t number)
{
        return model_draw_id(site->model.seed, 'S', number, 0);
}

static cJSON *describe_connection(const Site *site, const Edge *edge)
{
        cJSON *object = cJSON_CreateObject(), *parameters;
        Uuid at = site_id(site, edge->number / EDGES_PER_SITE);

        add_id(object, "id", &edge->id);
        cJSON_AddStringToObject(object, "name", edge->name);
        cJSON_AddStringToObject(object, "description", "of the sample catalog");
        cJSON_AddStringToObject(object, "typeId", "GenericJdbcDriver");
        add_id(object, "edgeSiteId", &at);
        parameters = cJSON_AddObjectToObject(object, "parameters");
        cJSON_AddStringToObject(parameters, "connection-string",
                                "jdbc:sample://db.example.com:5432/;password=jdbc-never-shown");
        cJSON_AddStringToObject(parameters, "password", "jdbc-never-shown");
        return object;
}

static int answer_connections(const Site *site, Answer *ret)
{
        cJSON *list = cJSON_CreateArray();

        for (size_t i = 0; i < site->model.n_edges; i++)
                if (!site->model.edges[i]->gone && !site->model.edges[i]->unlisted)
                        cJSON_AddItemToArray(list, describe_connection(site, site->model.edges[i]));
        return answer_set_json(ret, MHD_HTTP_OK, list);
}

static int answer_sites(const Site *site, Answer *ret)
{
        cJSON *list = cJSON_CreateArray();
        size_t n = (site->model.n_edges + EDGES_PER_SITE - 1) / EDGES_PER_SITE;

        for (size_t i = 0; i < n; i++) {
                cJSON *object = cJSON_CreateObject();
                Uuid id = site_id(site, i);
                char name[32];

                (void)snprintf(name, sizeof(name), "site %zu", i + 1);
                add_id(object, "id", &id);
                cJSON_AddStringToObject(object, "name", name);
                cJSON_AddStringToObject(object, "status", i % 4 == 3 ? "UNHEALTHY" : "HEALTHY");
                cJSON_AddStringToObject(object, "installedVersion", "2026.10.1");
                cJSON_AddItemToArray(list, object);
        }
        return answer_set_json(ret, MHD_HTTP_OK, list);
}

static int answer_refused(const ApiRequest *request, int64_t status, Answer *ret)
{
        return answer_set_problem(ret, (unsigned)status, NULL,
                                  status == 403 ? "A permission is needed for %s."
                                                : "There is nothing at %s.",
                                  request->path);
}

int edge_api_answer(const Site *site, const ApiRequest *request, Answer *ret)
{
        int64_t status = request->kind == KIND_SITES ? site->settings.sites_status
                                                     : site->settings.connections_status;

        if (status > 0)
                return answer_refused(request, status, ret);
        if (request->kind == KIND_SITES)
                return answer_sites(site, ret);
        if (request->kind == KIND_CONNECTIONS)
                return answer_connections(site, ret);
        const Edge *edge = request->has_id ? model_get_edge(&site->model, &request->id) : NULL;

        if (!edge)
                return answer_set_problem(ret, MHD_HTTP_NOT_FOUND, "connectionNotFound",
                                          "There is no such Edge connection.");
        return answer_set_json(ret, MHD_HTTP_OK, describe_connection(site, edge));
}
