/*
 * notify_trial: whether a template gives JSON whatever its fields hold.
 */
#pragma once

#include "daemon/notify_message.h"

/* Tries the template of an open form with every field filled and with every one empty, each with
 * one change and with two. A Fault that says what to do: it is in an encoding that no receiver
 * takes, or gives no JSON. */
int notify_trial(const NotifyForm *form, Fault *ret_fault);
