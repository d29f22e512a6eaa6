/*
 * notify_format: the templates of messages to receivers (base/template.h), of each format.
 */
#pragma once

#include "config/types.h"

extern const char *const notify_formats[CONFIG_NOTIFY_FORMATS];
