/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * message.h - messages to people, safe for their terminals.
 *
 * File names, option values, and what tshark and libraries say about captures are untrusted. So everything is printed through this module.
 * It turns into \xNN: control characters (C0, C1), line ends, characters that change the direction of text, and invalid bytes. Printable
 * characters stay readable: all of them if the locale's character set is UTF-8, else ASCII.
 */
#ifndef FP_MESSAGE_H
#define FP_MESSAGE_H

#include <glib.h>

/* Returns text as one line that is safe to print; caller frees. */
char *fp_message_printable(const char *text);

/* Prints "firstpayload: ", the message made safe, and a line end to standard error, in one piece. */
void fp_message_print(const char *format, ...) G_GNUC_PRINTF(1, 2);

#endif
