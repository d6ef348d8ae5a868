/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * inbox-lock.h - keeps watchers with different state folders from taking each other's files from one inbox.
 *
 * The folder itself is locked (flock(2)): that needs no permission to write to it and leaves nothing in it. A watcher that moves files out
 * of it locks out all others; watchers that leave them where they are can share it.
 */
#ifndef FP_INBOX_LOCK_H
#define FP_INBOX_LOCK_H

#include <glib.h>
#include <stdbool.h>

typedef struct FpInboxLock FpInboxLock;

/* Locks the inbox. is_shared: files are left where they are. Returns NULL and sets error, FP_ERROR_HELD, when another watcher has the
 * inbox; the message names it as far as /proc allows. Where folders cannot be locked, two watchers are not told of each other. */
FpInboxLock *fp_inbox_lock_take(const char *inbox, bool is_shared, GError **error);

/* Locks the folder that is at the path now, if it is not the one that was locked. Returns false and sets error as above. */
bool fp_inbox_lock_renew(FpInboxLock *lock, GError **error);

void fp_inbox_lock_release(FpInboxLock *lock);

/* Has the helper (base/helper.h) say who holds the inbox, once this process may not look. Before fp_helper_begin. */
void fp_inbox_lock_prepare(const char *inbox);

#endif
