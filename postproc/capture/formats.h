/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * formats.h - decides which files are captures.
 *
 * [file] -> record -> segment -> stream -> verdict -> output
 *
 * libwiretap opens nearly anything: pictures, certificates and logs become one frame, and source code becomes the records of an Ixia test
 * set. A capture is a file that holds packets.
 */
#ifndef FP_FORMATS_H
#define FP_FORMATS_H

#include <glib.h>
#include <stdbool.h>

/* Parses a comma-separated list of libwiretap's format names ("pcap" stands for all variants of classic pcap). Returns a NULL-terminated
 * array; caller frees it with g_strfreev. Returns NULL and sets error when a name is not known. */
char **fp_formats_from_text(const char *list, GError **error);

/* Has only files in these formats taken for captures; names NULL: files in all formats. names must stay valid. This holds for the whole
 * process, as libwiretap's readers do: those of other formats are removed from its table and cannot be put back. So only the first call
 * with names does anything. */
void fp_formats_limit(char *const *names);

/* Whether a format that is read without libwiretap, "pcap" or "pcapng", is taken. */
bool fp_formats_take(const char *name);

/* What to say about a file that libwiretap does not recognise, as the end of a sentence. A static string. */
const char *fp_formats_unknown(void);

#endif
