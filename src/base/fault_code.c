#include "base/fault_code.h"
#include "base/cleanup.h"
#include "base/text.h"

static const struct {
        const char *word;
        FaultOrigin origin;
} codes[] = {[CODE_NONE] = {"", ORIGIN_NONE},
#define CODE_ROW(name, word, origin) [CODE_##name] = {word, ORIGIN_##origin},
             FAULT_CODES(CODE_ROW)
#undef CODE_ROW
};

const char *fault_code_name(FaultCode code)
{
        return codes[code].word;
}

FaultCode fault_code_parse(const char *word)
{
        size_t i = ARRAY_SIZE(codes) - 1;
        while (i > 0 && !text_equal(codes[i].word, word))
                i--;
        return (FaultCode)i;
}

FaultOrigin fault_code_origin(FaultCode code)
{
        return codes[code].origin;
}
