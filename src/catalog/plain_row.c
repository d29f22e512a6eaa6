/*
 * plain_row: see the header. What always holds: nothing is read at `end` or behind it; whatever is
 * not recognised makes the row one that is not plain.
 */
#include "catalog/plain_row.h"
#include "base/limits.h"
#include "base/text.h"
#include <string.h>

typedef enum Member {
        MEMBER_ID,
        MEMBER_EDGE,
        MEMBER_NAME,
        MEMBER_DATABASE,
        MEMBER_MAX, /* another: it only has to be right */
} Member;

static const struct {
        const char *name;
        size_t size;
} members[] = {
        [MEMBER_ID] = {"id", 2},
        [MEMBER_EDGE] = {"edgeConnectionId", 16},
        [MEMBER_NAME] = {"name", 4},
        [MEMBER_DATABASE] = {"databaseId", 10},
};

typedef struct Cursor {
        const char *at, *end;
} Cursor;

/* A string as it stands between its quotes. */
typedef struct Token {
        const char *text; /* NULL: no string */
        size_t size;
        bool escaped; /* there are escapes of two bytes in it */
} Token;

static void skip_space(Cursor *c)
{
        while (c->at < c->end &&
               (*c->at == ' ' || *c->at == '\n' || *c->at == '\r' || *c->at == '\t'))
                c->at++;
}

static bool take(Cursor *c, char wanted)
{
        skip_space(c);
        if (c->at == c->end || *c->at != wanted)
                return false;
        c->at++;
        return true;
}

/* What the escape of two bytes stands for; NUL: it is none. */
static char escape_meaning(char c)
{
        static const char meanings[256] = {['"'] = '"',  ['\\'] = '\\', ['/'] = '/',  ['b'] = '\b',
                                           ['f'] = '\f', ['n'] = '\n',  ['r'] = '\r', ['t'] = '\t'};
        return meanings[(unsigned char)c];
}

/* How many bytes stand for the next character that is not plain; 0: none, or others than these. */
static size_t special_size(const Cursor *c)
{
        size_t left = (size_t)(c->end - c->at);
        if (left > 1 && c->at[0] == '\\')
                return escape_meaning(c->at[1]) ? 2 : 0;
        return left > 0 && (unsigned char)*c->at >= 0x80 ? text_utf8_length(c->at, left) : 0;
}

/* From behind the opening quote to behind the closing one. */
static bool take_string(Cursor *c, Token *ret)
{
        Token t = {.text = c->at};
        for (size_t n = 1; n > 0; c->at += n) {
                c->at += text_span_plain(c->at, (size_t)(c->end - c->at));
                n = special_size(c);
                t.escaped = t.escaped || (n > 0 && *c->at == '\\');
        }
        t.size = (size_t)(c->at - t.text);
        if (c->at == c->end || *c->at != '"')
                return false;
        c->at++;
        *ret = t;
        return true;
}

/* The text that it stands for, and a NUL. Returns its length. */
static size_t string_decode(const Token *t, char *out)
{
        size_t used = 0;
        for (size_t i = 0; t->escaped && i < t->size; i++)
                out[used++] = t->text[i] == '\\' ? escape_meaning(t->text[++i]) : t->text[i];
        if (!t->escaped)
                memcpy(out, t->text, used = t->size);
        out[used] = '\0';
        return used;
}

static bool take_word(Cursor *c, const char *word)
{
        size_t size = strlen(word);
        if ((size_t)(c->end - c->at) < size || memcmp(c->at, word, size) != 0)
                return false;
        c->at += size;
        return true;
}

/* What is behind the digits of another number is seen by who takes what follows. */
static bool take_digits(Cursor *c)
{
        enum { DIGITS_MAX = 18 };
        const char *from = c->at;
        while (c->at < c->end && *c->at >= '0' && *c->at <= '9')
                c->at++;
        return c->at > from && c->at - from <= DIGITS_MAX;
}

static bool take_value(Cursor *c, Token *ret, bool *ret_null)
{
        *ret = (Token){0};
        *ret_null = false;
        if (take(c, '"'))
                return take_string(c, ret);
        if (take_word(c, "null"))
                return *ret_null = true;
        return take_word(c, "true") || take_word(c, "false") || take_digits(c);
}

static Member member_find(const Token *name)
{
        Member m = MEMBER_ID;
        while (m < MEMBER_MAX && !(members[m].size == name->size &&
                                   memcmp(members[m].name, name->text, name->size) == 0))
                m++;
        return m;
}

static bool take_uuid(const Token *value, Uuid *ret)
{
        return value->text && uuid_parse_n(value->text, value->size, ret) == 0;
}

/* What the row has of the members that matter; the name as it stands in the text. */
typedef struct Found {
        unsigned members; /* bits */
        Token name;
} Found;

static bool member_set(Member member, const Token *value, bool null, DatabaseConnection *row,
                       Found *found)
{
        if (member == MEMBER_MAX)
                return true;
        if (found->members & 1U << member)
                return false;
        found->members |= 1U << member;
        switch (member) {
        case MEMBER_ID:
                return take_uuid(value, &row->id);
        case MEMBER_EDGE:
                return take_uuid(value, &row->edge_connection_id);
        case MEMBER_DATABASE:
                row->has_database = !null;
                return null || take_uuid(value, &row->database_id);
        case MEMBER_NAME:
        default:
                found->name = *value;
                return value->text != NULL;
        }
}

static bool take_member(Cursor *c, DatabaseConnection *row, Found *found)
{
        Token name, value;
        bool null;
        return take(c, '"') && take_string(c, &name) && take(c, ':') &&
               take_value(c, &value, &null) &&
               member_set(member_find(&name), &value, null, row, found);
}

bool plain_row_read(const char *text, size_t size, char *name, DatabaseConnection *ret)
{
        enum { NEEDED = 1 << MEMBER_ID | 1 << MEMBER_EDGE | 1 << MEMBER_NAME };
        Cursor c = {.at = text, .end = text + size};
        DatabaseConnection row = {.name = name};
        Found found = {0};
        /* There are fewer values than bytes, and no name is longer. */
        _Static_assert(LIMIT_JSON_MAX_VALUES <= LIMIT_NAME_MAX_BYTES, "a name may be too long");
        if (size > LIMIT_JSON_MAX_VALUES || !take(&c, '{'))
                return false;
        do
                if (!take_member(&c, &row, &found))
                        return false;
        while (take(&c, ','));
        if (!take(&c, '}') || c.at != c.end || (found.members & NEEDED) != NEEDED)
                return false;
        row.name_size = string_decode(&found.name, name);
        *ret = row;
        return true;
}
