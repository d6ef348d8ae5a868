/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * message.h - what people are told, safe for their terminals.
 *
 * Names of files, values of options, and what tshark and libraries say of captures come from anybody. So nothing is printed but through
 * here: control characters (C0, C1), line ends, what turns the direction of text, and bytes that are no text become \xNN. What is
 * printable stays readable: all of it where the locale's characters are UTF-8, else ASCII.
 */
#ifndef FP_MESSAGE_H
#define FP_MESSAGE_H

#include <glib.h>

/* text as one line that is safe to print. The caller's. */
char *fp_message_printable(const char *text);

/* Prints "firstpayload: ", the text, and a line end on standard error, in one piece. */
void fp_message_print(const char *format, ...) G_GNUC_PRINTF(1, 2);

#endif
