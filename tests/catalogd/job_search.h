/*
 * job_search: the job API's list of jobs.
 */
#pragma once

#include "catalogd/api.h"

#define JOB_SEARCH_PATH "/rest/jobs/v1/jobs"

int job_search_answer(const Site *site, const ApiRequest *request, Answer *ret);
