/*
 * notify_message: what a message to a receiver is made of, and how it is made.
 */
#pragma once

#include "base/text.h"
#include "config/config.h"
#include "daemon/notify_queue.h"

extern const char *const notify_kinds[NOTIFY_KINDS], *const notify_states[NOTIFY_STATES];

typedef struct NotifyForm {
        char *instance; /* that tells */
        char *catalog;  /* host and port of its address */
        char *template;
        bool alerts; /* that Alertmanager keeps, each by itself */
} NotifyForm;

/* Takes the template of the configuration, read from its file and tried, or that of its format, for
 * an instance that is set. A Fault that says what to do: it cannot be read, or gives no message.
 * Released with notify_form_close, also then. */
int notify_form_open(NotifyForm *form, const Config *config, Fault *ret_fault);
void notify_form_close(NotifyForm *form);

/* Appends the message of events, beside which n_more are only counted. -EINVAL: the template, with
 * one clause of static storage about it. -ENOMEM. */
int notify_render(const NotifyForm *form, const NotifyEvent *events, size_t n_events, size_t n_more,
                  Text *ret, const char **ret_complaint);
