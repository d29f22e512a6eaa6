#include "base/fault_code.h"

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

FaultOrigin fault_code_origin(FaultCode code)
{
        return codes[code].origin;
}
