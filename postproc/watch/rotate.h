/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rotate.h - firstpayload-rotate FILE, for tcpdump's -z: hands a finished capture over to a watcher, or does its work where none runs.
 */
#ifndef FP_ROTATE_H
#define FP_ROTATE_H

#include "watch.h"

/* The configuration that is read unless FIRSTPAYLOAD_CONFIG in the environment names another. */
#define FP_ROTATE_CONFIG FP_SYSCONFDIR "/firstpayload/rotate.conf"

/* Moves file into the inbox, if it is not there, and returns when it has been claimed by whoever holds the state folder, or has been taken
 * here; or after ten seconds, when whoever holds it is not done with others yet. Any number of these may run at once: each file is taken
 * once, and in the order of capture among those that are there. options: with once, and not FP_THEN_KEEP, as nobody could tell then that it
 * was claimed. */
bool fp_rotate(const FpWatchOptions *options, const char *file, FpWatchResult *result, GError **error);

#endif
