/* SPDX-License-Identifier: GPL-2.0-or-later */
/* unread.h - inputs that were not read whole, among several: they are named again at the end, as messages in between are overlooked. */
#ifndef FP_UNREAD_H
#define FP_UNREAD_H

#include <glib.h>

typedef struct {
    GPtrArray *paths; /* of char *; NULL: none */
} FpUnread;

/* Notes an input. Copies path. Free with fp_unread_clear. */
void fp_unread_note(FpUnread *unread, const char *path);
void fp_unread_clear(FpUnread *unread);

/* Names the inputs noted, out of n_inputs, in one message; says nothing when there are none, or when there was only one input. */
void fp_unread_tell(const FpUnread *unread, guint n_inputs);

#endif
