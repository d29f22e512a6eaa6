/*
 * notify_message: what a message to a receiver is made of, and how it is made.
 */
#pragma once

#include "base/template.h"
#include "base/text.h"
#include "config/config.h"
#include "daemon/notify_subjects.h"

extern const char *const notify_kinds[NOTIFY_KINDS], *const notify_states[NOTIFY_STATES];

typedef struct NotifyForm {
        char *instance; /* that tells */
        char *catalog;  /* host and port of its address */
        char *template;
        uint64_t every_usec; /* the time between messages */
        bool alerts;         /* that Alertmanager keeps, each by itself */
} NotifyForm;

/* Takes the template of the configuration, read from its file, or that of its format, for
 * an instance that is set. A Fault that says what to do: it cannot be read.
 * Released with notify_form_close, also then; instance and catalog are set also then, if there was
 * memory. */
int notify_form_open(NotifyForm *form, const Config *config, Fault *ret_fault);
void notify_form_close(NotifyForm *form);

/* After how long an alert that lasts is sent again. */
uint64_t notify_again_usec(const NotifyForm *form);

/* Appends the message that is sent at `time`, beside which n_more are only counted. -EINVAL: the
 * template, with one clause of static storage about it. -ENOMEM. */
int notify_render(const NotifyForm *form, NotifySubject *const *subjects, size_t n_subjects,
                  size_t n_more, time_t time, Text *ret,
                  char complaint[static TEMPLATE_COMPLAINT_BYTES]);
