/*
 * style: the one stylesheet of the pages. Inline in each of them, and allowed by its hash: a page
 * asks for nothing else, and nothing that got into it by mistake is carried out.
 */
#pragma once

#include "base/text.h"

extern const char style_sheet[];

/* Its hash, as a Content-Security-Policy allows it: "sha256-…". Appends; -ENOMEM. */
int style_append_hash(Text *ret);
