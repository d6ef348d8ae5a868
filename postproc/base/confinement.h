/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * confinement.h - gives up, before the first byte of a packet is looked at, all rights that looking at packets does not take.
 *
 * Four ways, each of which can be switched off by its name: another user than root, capabilities, a filter of system calls, and Landlock
 * for files. What the kernel or the build lacks is said, and the program goes on without. What rights are needed for later is done by the
 * helper (helper.h), which is forked before.
 */
#ifndef FP_CONFINEMENT_H
#define FP_CONFINEMENT_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "privileges.h"

/* The ways: a set of bits. */
enum {
    FP_CONFINE_USER = 1U << 0,
    FP_CONFINE_CAPABILITIES = 1U << 1,
    FP_CONFINE_SECCOMP = 1U << 2,
    FP_CONFINE_LANDLOCK = 1U << 3,
};

typedef struct {
    unsigned without; /* FP_CONFINE_...: what is switched off */
    const char *user; /* to become, if root; NULL: the default */
} FpConfinementOptions;

/* Reads a list of ways with commas between, or "all", into *without. Returns false when a name is not known. */
bool fp_confinement_without_from_text(const char *text, unsigned *without);

/* What stays possible. */
typedef struct {
    unsigned calls;        /* FP_CALLS_... of system-calls.h; whether messages take a socket is found out */
    uint64_t capabilities; /* 1 << CAP_...: those that files of other users, or leases, are opened with */
    bool becomes_user;     /* root becomes the default user if none is named */
    bool moves_files;      /* between folders, for which Landlock is too old before version 2 */
} FpConfinementNeeds;

typedef struct FpConfinement FpConfinement;

/* Finds the user. Returns NULL and sets error when there is none of that name, or root cannot become the one that was named. options and
 * needs are copied. */
FpConfinement *fp_confinement_new(const FpConfinementOptions *options, const FpConfinementNeeds *needs, GError **error);
void fp_confinement_free(FpConfinement *confinement);

/* Whether it will become another user. */
bool fp_confinement_changes_user(const FpConfinement *confinement);

/* Returns the user that it will become, borrowed, or NULL. Call it once all paths have been named. */
const FpUser *fp_confinement_user(const FpConfinement *confinement);

/* Allows to read, or to change, what is in a folder and below it, or one file. NULL and what is not there are passed over. */
void fp_confinement_may_read(FpConfinement *confinement, const char *path);
void fp_confinement_may_write(FpConfinement *confinement, const char *path);

/* The same of the folder that path is in, following links. "-" is passed over. */
void fp_confinement_may_read_beside(FpConfinement *confinement, const char *path);
void fp_confinement_may_write_beside(FpConfinement *confinement, const char *path);

/* For files that are begun later, by this process itself, as of a rotation: where the new user cannot create files in the folder that path
 * is in, root stays root; or, if somebody has named the user, fp_confinement_begin fails. Where root stays root, and could not create files
 * there without capabilities, it keeps those for files. The folder may be made again, so the one above it may be changed, too, unless that
 * is
 * /. */
void fp_confinement_creates_beside(FpConfinement *confinement, const char *path);

/* Whether path's folder is among those that may be changed, or nothing limits that. */
bool fp_confinement_reaches(const FpConfinement *confinement, const char *path);

/* If somebody has named a user, has files opened and created as that user from here on, so that what is made before the rights end belongs
 * to it, and what will be closed to it is found out. Once, and before there is a second thread. Returns false and sets error when that
 * cannot be. */
bool fp_confinement_begin_files(const FpConfinement *confinement, GError **error);

/* Returns a folder that may no longer be changed, as another one, or another file system, has been put in its place, or in that of one
 * above it, since the rights were given up. NULL: there is none. Borrowed. */
const char *fp_confinement_lost(const FpConfinement *confinement);

/* Gives the rights up. To be called once, before there is a second thread. Returns false and sets error when a right stays that should
 * have gone: another user was asked for, or what capabilities there are cannot be dropped. */
bool fp_confinement_begin(FpConfinement *confinement, GError **error);

/* Returns what is on, in words, on one line, such as "user nobody; no capabilities; ...". Borrowed. */
const char *fp_confinement_text(const FpConfinement *confinement);

/* Programs that test what is left possible define this; it is called when rights have been given up. */
void fp_confinement_probe(void) __attribute__((weak));

#endif
