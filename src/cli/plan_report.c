/* The file holds what is printed later, as it will be printed. */
#include "cli/plan_report.h"
#include "base/text.h"
#include "cli/json_out.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

struct Plan {
        FILE *file;
        bool json;
        bool failed;           /* besides what the stream knows itself */
        MirrorPlanKind member; /* the array that is open */
        bool first;            /* nothing is in it yet */
};

int plan_new(bool json, Plan **ret)
{
        _cleanup_(cleanup_plan) Plan *p = calloc(1, sizeof(*p));
        if (!p)
                return -ENOMEM;
        p->json = json;
        p->file = tmpfile();
        if (!p->file)
                return -errno;
        plan_add(p, NULL);
        *ret = TAKE(p);
        return 0;
}

Plan *plan_free(Plan *p)
{
        if (!p)
                return NULL;
        if (p->file)
                (void)fclose(p->file);
        free(p);
        return NULL;
}

static void plan_begin(Plan *p)
{
        rewind(p->file);
        if (ftruncate(fileno(p->file), 0) < 0)
                p->failed = true;
        p->member = MIRROR_PLAN_ADDED;
        p->first = true;
        if (p->json)
                fprintf(p->file, "{\"%s\":[", mirror_plan_kind_name(p->member));
}

/* ---- JSON ----------------------------------------------------------------------------------- */

/* Each kind has an array; what is restored is among the added ones. */
static void plan_open_member(Plan *p, MirrorPlanKind kind)
{
        while (p->member < kind) {
                p->member++;
                if (p->member == MIRROR_PLAN_RESTORED)
                        continue;
                fprintf(p->file, "],\"%s\":[", mirror_plan_kind_name(p->member));
                p->first = true;
        }
}

static cJSON *row_describe(const MirrorPlanRow *row)
{
        cJSON *o = cJSON_CreateObject();
        bool stays = row->name != NULL;
        json_add_text(o, "id", row->id);
        json_add_text(o, "name", stays ? row->name : row->name_before);
        json_add_text(o, "databaseId", stays ? row->database_id : row->database_id_before);
        if (row->edge)
                json_add_text(o, "edgeConnectionId", row->edge);
        if (row->kind == MIRROR_PLAN_RESTORED)
                cJSON_AddItemToObject(o, "restored", cJSON_CreateTrue());
        if (row->kind == MIRROR_PLAN_CHANGED) {
                cJSON *before = cJSON_AddObjectToObject(o, "before");
                json_add_text(before, "name", row->name_before);
                json_add_text(before, "databaseId", row->database_id_before);
                json_add_text(before, "edgeConnectionId", row->edge_before);
        }
        return o;
}

static void plan_add_json(Plan *p, const MirrorPlanRow *row)
{
        cJSON *object = row_describe(row);
        plan_open_member(p, row->kind);
        if (!p->first)
                fputc(',', p->file);
        p->first = false;
        if (json_put(p->file, object, 0) < 0)
                p->failed = true;
        cJSON_Delete(object);
}

/* ---- text ----------------------------------------------------------------------------------- */

enum { NAME_COLUMNS = 300 }; /* bytes of a name that a person gets to see */

static void put_name(FILE *file, const char *name)
{
        char printable[NAME_COLUMNS];
        fputs(text_show(name ? name : "", printable), file);
}

static void plan_add_text(Plan *p, const MirrorPlanRow *row)
{
        FILE *f = p->file;
        bool stays = row->name != NULL;
        bool changed = row->kind == MIRROR_PLAN_CHANGED;
        fprintf(f, "    %-8s  %s  ", mirror_plan_kind_name(row->kind), row->id);
        put_name(f, changed || !stays ? row->name_before : row->name);
        if (changed && !text_equal(row->name, row->name_before)) {
                fputs(" → ", f);
                put_name(f, row->name);
        }
        if (changed && !text_equal(row->database_id, row->database_id_before))
                fprintf(f, "; database %s → %s",
                        row->database_id_before ? row->database_id_before : "none",
                        row->database_id ? row->database_id : "none");
        if (row->edge)
                fprintf(f, "; to Edge connection %s", row->edge);
        else if (changed && text_equal(row->name, row->name_before) &&
                 text_equal(row->database_id, row->database_id_before))
                fprintf(f, "; from Edge connection %s", row->edge_before);
        fputc('\n', f);
}

/* ---- all of it ------------------------------------------------------------------------------ */

void plan_add(Plan *p, const MirrorPlanRow *row)
{
        if (!row)
                plan_begin(p);
        else if (p->json)
                plan_add_json(p, row);
        else
                plan_add_text(p, row);
}

int plan_finish(Plan *p, Fault *ret_fault)
{
        if (p->json) {
                plan_open_member(p, MIRROR_PLAN_KINDS - 1);
                fputs("]}", p->file);
        }
        if (fflush(p->file) == 0 && !ferror(p->file) && !p->failed)
                return 0;
        return fault_set(ret_fault, FAULT_RUN, EIO, CODE_PLAN_FAILED,
                         "the plan cannot be kept in a temporary file; check the space in /tmp");
}

void plan_print(Plan *p)
{
        char chunk[16 * 1024];
        size_t n;
        rewind(p->file);
        while ((n = fread(chunk, 1, sizeof(chunk), p->file)) > 0)
                (void)fwrite(chunk, 1, n, stdout);
}

void plan_print_json(Plan *p, cJSON *object)
{
        if (json_put(stdout, object, 1) == 0) { /* all but the closing brace */
                fputs(",\"plan\":", stdout);
                plan_print(p);
                fputs("}\n", stdout);
        }
        (void)fflush(stdout);
        cJSON_Delete(object);
}
