/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * formats.h - which files are captures.
 *
 * [file] -> record -> segment -> stream -> verdict -> output
 *
 * libwiretap opens nearly anything: pictures, certificates and logs become one frame, and source code what a test set of Ixia's records.
 * A capture is what holds packets.
 */
#ifndef FP_FORMATS_H
#define FP_FORMATS_H

#include <glib.h>
#include <stdbool.h>

/* Reads a comma-separated list of libwiretap's names of formats ("pcap" is all variants of classic pcap). Returns a NULL-terminated array,
 * for g_strfreev; NULL with error set when one of them is not known. */
char **fp_formats_from_text(const char *list, GError **error);

/*
 * From now on only files in these formats are taken for captures; names NULL: in all. For all of the process, as are libwiretap's readers:
 * those of other formats are taken out of its table, and can be put back by nobody. So the first call that is not of NULL is the last
 * to do anything. names must stay.
 */
void fp_formats_limit(char *const *names);

/* Whether a format that is read without libwiretap, "pcap" or "pcapng", is taken. */
bool fp_formats_take(const char *name);

/* What is to be said of a file that libwiretap does not know, as the end of a sentence. */
const char *fp_formats_unknown(void);

#endif
