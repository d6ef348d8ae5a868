/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rotate.h - firstpayload-rotate FILE, for tcpdump's -z: hands a finished capture to a watcher, or does the watcher's work if none runs.
 */
#ifndef FP_ROTATE_H
#define FP_ROTATE_H

#include "watch.h"

/* The configuration that is read unless the environment names another in FIRSTPAYLOAD_CONFIG. */
#define FP_ROTATE_CONFIG FP_SYSCONFDIR "/firstpayload/rotate.conf"

/* Moves file into the inbox, unless it is there. Returns true when whoever holds the state folder has claimed it, or when it has been taken
 * here; or after ten seconds, when the holder is still busy with others. Any number of these may run at once: each file is taken once, and
 * those that are there are taken in capture order. options: with once set, and not FP_THEN_KEEP, with which nobody could tell that the file
 * was claimed. Returns false and sets error. */
bool fp_rotate(const FpWatchOptions *options, const char *file, FpWatchResult *result, GError **error);

#endif
