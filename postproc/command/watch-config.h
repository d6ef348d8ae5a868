/* SPDX-License-Identifier: GPL-2.0-or-later */
/* watch-config.h - the configuration file of a watcher (firstpayload.conf(5)) -> options, as a command line has them. */
#ifndef FP_WATCH_CONFIG_H
#define FP_WATCH_CONFIG_H

#include <glib.h>
#include <stdbool.h>

/* Reads the file at path and adds what its keys stand for to words, as strings from g_malloc: a key is a long option of these, by its name,
 * unless that makes sense on a command line only. The keys inbox and outdir name folders: sets *inbox and *outdir, which the caller frees,
 * where they are given. Returns false and sets error: FP_ERROR_CONFIG, with the path. */
bool fp_watch_config_read(const char *path, const GArray *options, GPtrArray *words, char **inbox, char **outdir, GError **error);

#endif
