/* Not wcwidth, which knows what the locale knows, and under systemd that is ASCII. */
#include "cli/columns.h"
#include "base/text.h"
#include <stdbool.h>
#include <string.h>

size_t columns_of(const char *text)
{
        size_t columns = 0;
        for (const unsigned char *s = (const unsigned char *)text; *s; s++) {
                if ((*s & 0xC0) == 0x80)
                        continue;
                bool wide = *s >= 0xF0 || (*s >= 0xE3 && *s <= 0xED);
                columns += wide ? 2 : 1;
        }
        return columns;
}

void columns_put(FILE *out, const char *text, size_t columns)
{
        char printable[COLUMNS_TEXT_BYTES];
        text_show(text, printable);
        size_t taken = columns_of(printable);
        (void)fprintf(out, "%s%*s", printable, taken < columns ? (int)(columns - taken) : 0, "");
}

void put_text(FILE *out, const char *text)
{
        columns_put(out, text, 0);
}
