/* SPDX-License-Identifier: GPL-2.0-or-later */
/* landlock.h - has the kernel refuse all of the file system but what was named (landlock(7)). */
#ifndef FP_LANDLOCK_H
#define FP_LANDLOCK_H

#include <stdbool.h>

/* Returns the version of Landlock that the kernel has; 0: none. */
int fp_landlock_version(void);

/* A list of what stays allowed. Returns -1 and sets errno when there is no Landlock. Close it with close(2). */
int fp_landlock_new(int version);

/* Allows to read what is at path and below it. What is not there is passed over. */
void fp_landlock_may_read(int rules, const char *path);

/* Allows to read, write, create, rename and delete at path and below it. */
void fp_landlock_may_write(int rules, int version, const char *path);

/* From here on this thread, and those it starts, can do nothing else. no_new_privs must be set. Returns false and sets errno. */
bool fp_landlock_begin(int rules);

#endif
