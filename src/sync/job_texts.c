#include "sync/job_texts.h"
#include <stdlib.h>
#include <string.h>

void job_texts_take(JobTexts *t, JobText name, const char *text)
{
        if (!text || (t->texts[name] && strcmp(t->texts[name], text) == 0))
                return;
        char *copy = strdup(text);
        if (!copy)
                return;
        free(t->texts[name]);
        t->texts[name] = copy;
        t->is_new |= 1U << name;
}

const char *job_texts_get(const JobTexts *t, JobText name)
{
        return t->texts[name];
}

const char *job_texts_new(const JobTexts *t, JobText name)
{
        return t->is_new & 1U << name ? t->texts[name] : NULL;
}

void job_texts_ask(JobTexts *t, bool again)
{
        if (again)
                t->is_new |= t->going;
}

void job_texts_given(JobTexts *t)
{
        t->going = t->is_new;
        t->is_new = 0;
}

void job_texts_done(JobTexts *t)
{
        for (int i = 0; i < JOB_TEXTS; i++)
                free(t->texts[i]);
        *t = (JobTexts){0};
}
