/* SPDX-License-Identifier: GPL-2.0-or-later */
/* state-search.h - finds a watcher's state folder from any of its folders, for those who ask for its status. */
#ifndef FP_STATE_SEARCH_H
#define FP_STATE_SEARCH_H

#include <glib.h>

/* Returns the path of the state folder of the watcher that uses folder: the state folder itself, the output folder, or the inbox. For the
 * last two, tries .firstpayload in folder, then the folders beside it, and .firstpayload in these, whose watcher says that it uses folder.
 * Caller frees. Returns NULL and sets error, which says what to name. */
char *fp_state_search(const char *folder, GError **error);

#endif
