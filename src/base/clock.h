/*
 * clock: the two things a process may ask of its host: how much time has passed, and a random
 * number.
 *
 * Wall-clock time comes from PostgreSQL, never from here.
 */
#pragma once

#include <stdint.h>

uint64_t clock_monotonic_usec(void); /* CLOCK_MONOTONIC: stands still while the host is suspended */
/* CLOCK_BOOTTIME: does not; for leases and ages, which others count on, too */
uint64_t clock_boottime_usec(void);
uint64_t clock_random(void); /* uniform over uint64_t, from the kernel */
