/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * inbox-lock.h - that watchers with different state folders do not take each other's files from one inbox.
 *
 * The folder itself is locked (flock(2)), which needs no right to write to it, and leaves nothing in it. Who moves files out of it locks
 * out all others; those who leave them where they are may be several.
 */
#ifndef FP_INBOX_LOCK_H
#define FP_INBOX_LOCK_H

#include <glib.h>
#include <stdbool.h>

typedef struct FpInboxLock FpInboxLock;

/* is_shared: files are left where they are. Returns NULL with error set, FP_ERROR_HELD, when another watcher has the inbox; as far as /proc
 * lets it be known, the message says who it is. Where folders cannot be locked, two watchers are not told. */
FpInboxLock *fp_inbox_lock_take(const char *inbox, bool is_shared, GError **error);

/* Locks the folder that is at the path now, if it is another than the one that was locked. Returns false with error set as above. */
bool fp_inbox_lock_renew(FpInboxLock *lock, GError **error);

void fp_inbox_lock_release(FpInboxLock *lock);

#endif
