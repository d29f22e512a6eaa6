/*
 * ca_file: whether a file of trusted certificates can be used, before a server is asked.
 */
#pragma once

#include "base/fault.h"

/* A Fault (CODE_CONFIG_CA_FILE) that names the section of the configuration and the path, and a
 * negative errno: it cannot be read, or there is no certificate in it. NULL is fine. */
int ca_file_check(const char *section, const char *path, Fault *ret_fault);
