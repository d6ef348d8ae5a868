/* SPDX-License-Identifier: GPL-2.0-or-later */
/* privileges.h - another user than root, fewer capabilities, and no way to more. */
#ifndef FP_PRIVILEGES_H
#define FP_PRIVILEGES_H

#include <glib.h>
#include <linux/capability.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

typedef struct {
    char *name;
    uid_t uid;
    gid_t gid;
} FpUser;

/* The user that the Debian package makes, for what runs as nobody else. */
#define FP_USER_OF_PACKAGE "firstpayload"

/* Finds a user by name; NULL: the package's, or nobody where that is missing. Free user->name. Returns false when there is none. */
bool fp_user_find(const char *name, FpUser *user);

/* Becomes that user, without supplementary groups, for good. That user's other processes, of which tshark may be one, cannot look into this
 * one, as the kernel has it after such a change (PR_SET_DUMPABLE in prctl(2)). Returns false and sets errno; then nothing has changed. */
bool fp_privileges_become(const FpUser *user);

/* Has this thread open and create files as that user, without supplementary groups, until the process becomes it (setfsuid(2)). For root,
 * while there is one thread. Returns false and sets errno. */
bool fp_privileges_begin_files(const FpUser *user);

/* Takes all but keep, a set of bits (1 << CAP_...), out of the capabilities that anything executed could ever gain. To be called first: it
 * takes CAP_SETPCAP, without which nothing happens. */
void fp_privileges_limit_capabilities(uint64_t keep);

/* Whether that user could create files in a folder, and rename those that root has created. For root to ask, while there is one thread.
 * Returns false and sets errno. */
bool fp_privileges_could_create(const FpUser *user, const char *folder);

/* With these, root reads files of other users and writes into their folders, as it always did. */
#define FP_CAPABILITIES_OF_FILES (UINT64_C(1) << CAP_DAC_OVERRIDE | UINT64_C(1) << CAP_DAC_READ_SEARCH | UINT64_C(1) << CAP_FOWNER)

/* Whether this process could create files in a folder if it had no capabilities: for root to ask, to whom a folder of another user is
 * closed then. While there is one thread. */
bool fp_privileges_could_create_without(const char *folder);

/* Gives up all capabilities but those in keep, also for programs that it might start. *are_left: some of these were there. Returns false
 * and sets errno. */
bool fp_privileges_drop_capabilities(uint64_t keep, bool *are_left);

/* From here on nothing that is executed has more rights than this process. Returns false and sets errno. */
bool fp_privileges_no_new(void);

#endif
