/* SPDX-License-Identifier: GPL-2.0-or-later */
/* config-place.h - which line of a configuration file an error is about. */
#ifndef FP_CONFIG_PLACE_H
#define FP_CONFIG_PLACE_H

#include <glib.h>

/* Returns path:line of the last line that sets a key, or path if none does. Caller frees with g_free. */
char *fp_config_place(const char *path, const char *name);

/* Makes an error about the options of a command, of which those in the file at path were a part, one of the file: FP_ERROR_CONFIG, its
 * place first. What it names tells: an option that only the file sets has its line; an error about options that the command line has
 * stays as it is. argv: the command line, as fp_option_table_split returns it, which can be parsed by itself. */
void fp_config_blame(const char *path, char **argv, const GArray *options, GError **error);

#endif
