/* SPDX-License-Identifier: GPL-2.0-or-later */
/* words.h - the words of a command line as GLib takes them. */
#ifndef FP_WORDS_H
#define FP_WORDS_H

#include <glib.h>

/* A copy of argv in which the values that are attached to short options, as in -c10 or -qw-, are words of their own: GLib knows them as
 * those only, tcpdump both ways. letters: of the short options that take a value. Free with g_strfreev. Returns NULL with error set where
 * an option is given twice of which one would be lost, as in -i eth0 -i eth1; GLib would take the last. */
char **fp_words_split(char **argv, const char *letters, GError **error);

#endif
