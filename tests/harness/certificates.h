/*
 * certificates: authorities, servers and clients, right and wrong, made by openssl(1).
 */
#pragma once

#include "harness/folder.h"

/* A new folder with NAME.pem and NAME.key of all those that make_certificates.sh lists; the caller
 * removes it. */
void harness_certificates_make(char out[HARNESS_FOLDER_SIZE]);

/* The same as setup and teardown of a group of tests whose state is the folder's path. */
int harness_certificates_setup(void **state);
int harness_certificates_teardown(void **state);
