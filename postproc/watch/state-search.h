/* SPDX-License-Identifier: GPL-2.0-or-later */
/* state-search.h - any folder of a watcher's -> its state folder, for those who ask how it is. */
#ifndef FP_STATE_SEARCH_H
#define FP_STATE_SEARCH_H

#include <glib.h>

/* folder: the state folder itself, the output folder, or the inbox. Of the last two: .firstpayload in it, or that among the folders beside
 * it, and .firstpayload in these, whose watcher says that it uses folder. Returns the state folder's path, the caller's; NULL with error
 * set, which says what to name. */
char *fp_state_search(const char *folder, GError **error);

#endif
