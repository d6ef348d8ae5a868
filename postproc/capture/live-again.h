/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * live-again.h - interfaces that go and come back (--wait).
 *
 * The packet socket outlives its interface. When the interface is only down, the kernel goes on by itself once it is up. When it was
 * removed, or has another name, the socket is bound to the new one of the same name, with ring and filter: that takes no rights, so they
 * can have ended by then.
 */
#ifndef FP_LIVE_AGAIN_H
#define FP_LIVE_AGAIN_H

#include <stdbool.h>

typedef struct FpLiveAgain FpLiveAgain;

/* fd: the packet socket, borrowed. only_own: not in promiscuous mode. Returns NULL when it is bound to no interface of its own, as of any
 * and nflog, which never go. */
FpLiveAgain *fp_live_again_new(const char *interface, int fd, bool only_own);
void fp_live_again_free(FpLiveAgain *again);

/* After reading has failed: whether that was because the interface is gone or down, which is told. */
bool fp_live_again_has_gone(FpLiveAgain *again);

/* Whether it is gone or down. Looks for it, and tells when it is back. */
bool fp_live_again_is_away(FpLiveAgain *again);

/* How long to wait between looks. */
#define FP_LIVE_AGAIN_MS 200

#endif
