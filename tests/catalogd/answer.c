/*
 * answer: content first (problem bodies, replaced bodies), then delivery.
 *
 * An answer that nothing is wrong with goes out as one buffer. All others are read piece by piece,
 * where the reader can stop early, pause, or go on with white space that was never in memory.
 */
#include "catalogd/answer.h"

#include "base/clock.h"
#include "base/duration.h"
#include "catalogd/gzip.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define STREAM_BLOCK_BYTES 16384

static const char login_page[] =
        "<!DOCTYPE html>\n<html><head><title>Sign in</title></head>\n"
        "<body><form action=\"/login\"><h1>Sign in to continue</h1></form></body></html>\n";

static const struct {
        unsigned status;
        const char *code, *title, *help;
} problems[] = {
        {400, "invalidRequest", "Bad request",
         "Correct the parameters and send the request again."},
        {401, "unauthorized", "Not authenticated", "Send valid credentials."},
        {403, "forbidden", "Permission denied", "Ask an administrator for the missing permission."},
        {404, "notFound", "Resource not found", "Check the identifier."},
        {405, "methodNotAllowed", "Method not allowed", "Use a method that the resource supports."},
        {409, "conflict", "Conflict", "An operation may already be in progress; try again later."},
        {429, "tooManyRequests", "Too many requests", "Wait before you send more requests."},
        {500, "internalError", "Internal error", "Contact the administrator."},
        {502, "badGateway", "Bad gateway", "Try again later."},
        {503, "unavailable", "Service unavailable", "Try again later."},
        {504, "gatewayTimeout", "Gateway timeout", "Try again later."},
        {0, "error", "Error", "Contact the administrator."}, /* any other */
};

void answer_done(Answer *answer)
{
        text_done(&answer->body);
        free(answer->location);
        *answer = (Answer){0};
}

int answer_set_json(Answer *answer, unsigned status, cJSON *json)
{
        char *printed = cJSON_PrintUnformatted(json);

        cJSON_Delete(json);
        if (!printed)
                return -ENOMEM;
        text_done(&answer->body);
        answer->body =
                (Text){.data = printed, .size = strlen(printed), .capacity = strlen(printed) + 1};
        answer->status = status;
        answer->content_type = "application/json";
        return 0;
}

static size_t problem_index(unsigned status)
{
        size_t i = 0;

        while (problems[i].status != 0 && problems[i].status != status)
                i++;
        return i;
}

static int set_problem(Answer *answer, unsigned status, const char *code, const char *title,
                       const char *user, const char *help)
{
        size_t i = problem_index(status);
        cJSON *json = cJSON_CreateObject();

        cJSON_AddNumberToObject(json, "statusCode", status);
        cJSON_AddStringToObject(json, "titleMessage", title ? title : problems[i].title);
        cJSON_AddStringToObject(json, "helpMessage", help ? help : problems[i].help);
        cJSON_AddStringToObject(json, "userMessage", user);
        cJSON_AddStringToObject(json, "errorCode", code ? code : problems[i].code);
        answer->challenge = status == 401;
        return answer_set_json(answer, status, json);
}

int answer_set_problem(Answer *answer, unsigned status, const char *error_code, const char *format,
                       ...)
{
        char user[512];
        va_list ap;

        va_start(ap, format);
        (void)vsnprintf(user, sizeof(user), format, ap);
        va_end(ap);
        return set_problem(answer, status, error_code, NULL, user, NULL);
}

static void format_http_date(int64_t in_seconds, char *out, size_t size)
{
        time_t then = time(NULL) + (time_t)in_seconds;
        struct tm parts;

        (void)gmtime_r(&then, &parts);
        /* the C locale: RFC 9110 section 5.6.7 */
        (void)strftime(out, size, "%a, %d %b %Y %H:%M:%S GMT", &parts);
}

int answer_set_status(Answer *answer, const Effect *effect)
{
        unsigned status = effect->status > 0 ? (unsigned)effect->status : 302;

        if (effect->redirect) {
                answer->status = status;
                free(answer->location);
                answer->location = strdup(effect->redirect);
                return answer->location ? 0 : -ENOMEM;
        }
        if (status < 300 || status == 304) {
                answer->status = status;
                return 0;
        }
        return set_problem(answer, status, effect->error_code, effect->title_message,
                           effect->user_message ? effect->user_message
                                                : "The request was refused by the script.",
                           effect->help_message);
}

static int append_hex(Text *body, const char *hex)
{
        unsigned value;

        for (; sscanf(hex, "%2x", &value) == 1; hex += 2) {
                char byte = (char)value;
                int r = text_append(body, &byte, 1);

                if (r < 0)
                        return r;
                if (!hex[1])
                        break;
        }
        return 0;
}

static void set_retry_after(Answer *answer, const Effect *effect)
{
        size_t size = sizeof(answer->retry_after);

        if (cJSON_IsNumber(effect->retry_after))
                (void)snprintf(answer->retry_after, size, "%.0f", effect->retry_after->valuedouble);
        else if (cJSON_IsString(effect->retry_after))
                (void)snprintf(answer->retry_after, size, "%s", effect->retry_after->valuestring);
        else if (effect->retry_after_date_s != RULE_UNSET)
                format_http_date(effect->retry_after_date_s, answer->retry_after, size);
}

int answer_spoil(Answer *answer, const Effect *effect)
{
        const char *body = effect->html ? login_page : effect->body;
        int r = 0;

        set_retry_after(answer, effect);
        if (body || effect->body_hex || effect->empty_body)
                text_reset(&answer->body);
        if (body)
                r = text_append_string(&answer->body, body);
        if (r == 0 && effect->body_hex)
                r = append_hex(&answer->body, effect->body_hex);
        if (effect->html)
                answer->content_type = "text/html; charset=utf-8";
        if (effect->empty_body)
                answer->content_type = NULL;
        if (effect->content_type)
                answer->content_type = effect->content_type[0] ? effect->content_type : NULL;
        return r;
}

int answer_compress(Answer *answer)
{
        answer->gzip = true;
        return gzip_wrap(&answer->body);
}

/* What the reader of one spoilt body remembers. */
typedef struct Stream {
        Text body;
        uint64_t end;    /* bytes that are sent, with the white space */
        bool end_is_cut; /* the client was promised more */
        uint64_t pause_usec;
        size_t piece_bytes;
        bool paused; /* the pause before the next piece is over */
        Pause pause;
        Pauses *pauses;
        struct MHD_Connection *connection;
        Rule *rule; /* keeps the content type alive */
} Stream;

static void stream_free(void *userdata)
{
        Stream *stream = userdata;

        text_done(&stream->body);
        rule_unref(stream->rule);
        free(stream);
}

static ssize_t stream_read(void *userdata, uint64_t position, char *buffer, size_t size)
{
        Stream *stream = userdata;

        if (position >= stream->end)
                return stream->end_is_cut ? MHD_CONTENT_READER_END_WITH_ERROR
                                          : MHD_CONTENT_READER_END_OF_STREAM;
        if (stream->pause_usec > 0 && !stream->paused) {
                stream->paused = true;
                if (pauses_add(stream->pauses, &stream->pause, stream->connection,
                               clock_monotonic_usec() + stream->pause_usec))
                        return 0;
        }
        stream->paused = false;
        if (size > stream->end - position)
                size = (size_t)(stream->end - position);
        if (stream->pause_usec > 0 && size > stream->piece_bytes)
                size = stream->piece_bytes;
        if (position >= stream->body.size) {
                memset(buffer, ' ', size);
                return (ssize_t)size;
        }
        if (size > stream->body.size - position)
                size = (size_t)(stream->body.size - position);
        memcpy(buffer, stream->body.data + position, size);
        return (ssize_t)size;
}

static struct MHD_Response *stream_response(Answer *answer, struct MHD_Connection *connection,
                                            const Effect *effect, Rule *rule, Pauses *pauses)
{
        uint64_t whole = answer->body.size + (uint64_t)effect->large_bytes, end = whole;
        Stream *stream = calloc(1, sizeof(*stream));
        struct MHD_Response *response;

        if (!stream)
                return NULL;
        if (effect->cut_at >= 0)
                end = (uint64_t)effect->cut_at < whole ? (uint64_t)effect->cut_at : whole;
        else if (effect->cut_at != RULE_UNSET)
                end = (uint64_t)-effect->cut_at < whole ? whole - (uint64_t)-effect->cut_at : 0;
        if (rule)
                rule->n_refs++;
        *stream = (Stream){.body = answer->body,
                           .end = end,
                           .end_is_cut = end < whole && effect->framing != FRAMING_CLOSE,
                           .pause_usec = (uint64_t)effect->dribble_ms * USEC_PER_MSEC,
                           .piece_bytes = (size_t)effect->dribble_bytes,
                           .pauses = pauses,
                           .connection = connection,
                           .rule = rule};
        answer->body = (Text){0};
        response = MHD_create_response_from_callback(
                effect->framing == FRAMING_LENGTH ? whole : MHD_SIZE_UNKNOWN, STREAM_BLOCK_BYTES,
                stream_read, stream, stream_free);
        if (!response)
                stream_free(stream);
        else if (effect->framing == FRAMING_CLOSE)
                (void)MHD_set_response_options(response, MHD_RF_HTTP_1_0_COMPATIBLE_STRICT,
                                               MHD_RO_END);
        return response;
}

static void add_header(struct MHD_Response *response, const char *name, const char *value)
{
        if (value && value[0])
                (void)MHD_add_response_header(response, name, value);
}

static void add_headers(struct MHD_Response *response, const Answer *answer, const Effect *effect)
{
        char *large = effect->header_bytes > 0 ? malloc((size_t)effect->header_bytes + 1) : NULL;

        add_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, answer->content_type);
        add_header(response, MHD_HTTP_HEADER_LOCATION, answer->location);
        add_header(response, MHD_HTTP_HEADER_RETRY_AFTER, answer->retry_after);
        add_header(response, MHD_HTTP_HEADER_ALLOW, answer->allow);
        add_header(response, MHD_HTTP_HEADER_CONTENT_ENCODING, answer->gzip ? "gzip" : NULL);
        if (effect->date_s != RULE_UNSET) {
                char date[64];
                format_http_date(effect->date_s, date, sizeof(date));
                add_header(response, MHD_HTTP_HEADER_DATE, date);
        }
        if (effect->age_s > 0) {
                char age[32];
                (void)snprintf(age, sizeof(age), "%lld", (long long)effect->age_s);
                add_header(response, MHD_HTTP_HEADER_AGE, age);
        }
        if (answer->challenge)
                add_header(response, MHD_HTTP_HEADER_WWW_AUTHENTICATE, "Basic realm=\"catalog\"");
        if (large) {
                memset(large, 'x', (size_t)effect->header_bytes);
                large[effect->header_bytes] = '\0';
                add_header(response, "X-Large", large);
        }
        free(large);
}

enum MHD_Result answer_queue(Answer *answer, struct MHD_Connection *connection,
                             const Effect *effect, Rule *rule, Pauses *pauses)
{
        bool whole = effect->cut_at == RULE_UNSET && effect->dribble_ms == 0 &&
                     effect->large_bytes == 0 && effect->framing == FRAMING_LENGTH;
        struct MHD_Response *response;
        enum MHD_Result result;

        if (effect->close)
                return MHD_NO;
        if (whole) {
                size_t size = answer->body.size;

                response = MHD_create_response_from_buffer(size, answer->body.data,
                                                           MHD_RESPMEM_MUST_FREE);
                if (response)
                        answer->body = (Text){0};
        } else
                response = stream_response(answer, connection, effect, rule, pauses);
        if (!response)
                return MHD_NO;
        add_headers(response, answer, effect);
        result = MHD_queue_response(connection, answer->status, response);
        MHD_destroy_response(response);
        return result;
}
