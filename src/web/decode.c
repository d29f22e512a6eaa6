#include "web/decode.h"
#include "base/text.h"
#include <string.h>

static int digit_value(char c)
{
        if (c >= '0' && c <= '9')
                return c - '0';
        if (c >= 'A' && c <= 'F')
                return c - 'A' + 10;
        if (c >= 'a' && c <= 'f')
                return c - 'a' + 10;
        return -1;
}

bool web_decode(char *text)
{
        char *to = text;
        for (const char *from = text; *from; from++) {
                unsigned char c = (unsigned char)*from;
                if (c == '%') {
                        int high = digit_value(from[1]);
                        int low = high < 0 ? -1 : digit_value(from[2]);
                        if (low < 0)
                                return false;
                        c = (unsigned char)(high * 16 + low);
                        from += 2;
                }
                if (c < 0x20 || c == 0x7f)
                        return false;
                *to++ = (char)c;
        }
        *to = '\0';
        return text_utf8_valid(text, (size_t)(to - text));
}
