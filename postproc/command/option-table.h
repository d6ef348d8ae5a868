/* SPDX-License-Identifier: GPL-2.0-or-later */
/* option-table.h - the options of a command, and how they tell to split its command line into words that GLib takes. */
#ifndef FP_OPTION_TABLE_H
#define FP_OPTION_TABLE_H

#include <glib.h>
#include <stdbool.h>

/* Creates an empty list of options: GOptionEntry, followed by one that is all 0. Free with g_array_unref. */
GArray *fp_option_table_new(void);

/* Adds the entries of a table, up to the one without a name. */
void fp_option_table_add(GArray *options, const GOptionEntry *entries);

/* Returns a copy of argv in which values that are attached to short options, as in -c10 or -qw-, are words of their own: GLib takes them
 * only so, tcpdump both ways. Caller frees with g_strfreev. Returns NULL and sets error when an option is given twice and one value would
 * be lost, as in -w x -w y; GLib would take the last. */
char **fp_option_table_split(char **argv, const GArray *options, GError **error);

/* Return the option of a letter, or of the name that is name_bytes long, or NULL. */
const GOptionEntry *fp_option_table_short(const GArray *options, char letter);
const GOptionEntry *fp_option_table_long(const GArray *options, const char *name, size_t name_bytes);

/* Parses the command line argv by these options; argv stays as it is. summary and description stand around the options in the answer to
 * --help, which ends the program. A name of a file that is empty is refused. Returns false and sets error. */
bool fp_option_table_parse(const GArray *options, const char *summary, const char *description, char **argv, GError **error);

/* The same for words that fp_option_table_split returned, perhaps with others before them; of an option that comes twice the last counts.
 * Takes ownership of words. */
bool fp_option_table_parse_words(const GArray *options, const char *summary, const char *description, char **words, GError **error);

#endif
