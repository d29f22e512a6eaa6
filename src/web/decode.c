#include "web/decode.h"
#include "base/text.h"
#include <string.h>

bool web_decode(char *text)
{
        char *to = text;
        for (const char *from = text; *from; from++) {
                unsigned char c = (unsigned char)*from;
                if (c == '%') {
                        uint32_t value;
                        if (text_take_digits(from + 1, strnlen(from + 1, 2), 16, 2, &value) != 2)
                                return false;
                        c = (unsigned char)value;
                        from += 2;
                }
                if (c < 0x20 || c == 0x7f)
                        return false;
                *to++ = (char)c;
        }
        *to = '\0';
        return text_utf8_valid(text, (size_t)(to - text));
}
