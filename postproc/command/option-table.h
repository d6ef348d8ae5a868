/* SPDX-License-Identifier: GPL-2.0-or-later */
/* option-table.h - the options of a command, by which its command line is split into words as GLib takes them. */
#ifndef FP_OPTION_TABLE_H
#define FP_OPTION_TABLE_H

#include <glib.h>

/* The options of a command, for all its tables: GOptionEntry, with one that is 0 behind the last. Free with g_array_unref. */
GArray *fp_option_table_new(void);

/* Adds those of a table, up to the entry without a name. */
void fp_option_table_add(GArray *options, const GOptionEntry *entries);

/* A copy of argv in which the values that are attached to short options, as in -c10 or -qw-, are words of their own: GLib knows them as
 * those only, tcpdump both ways. Free with g_strfreev. Returns NULL with error set where an option is given twice of which one would be
 * lost, as in -i eth0 -i eth1; GLib would take the last. */
char **fp_option_table_split(char **argv, const GArray *options, GError **error);

#endif
