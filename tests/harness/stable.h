/*
 * stable: what is public is what a list of tests/stability says: neither less nor more.
 *
 * With UPDATE_STABILITY in the environment (make update-stability) the list is written instead.
 */
#pragma once

#include "base/text.h"

/* The lines, in any order and some perhaps twice, against tests/stability/NAME.txt. Fails the test
 * (cmocka) with what differs, and with what is to be done then. */
void stable_compare(const char *name, const Text *lines);
