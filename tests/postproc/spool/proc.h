/* SPDX-License-Identifier: GPL-2.0-or-later */
/* proc.h - a folder stands in for /proc. */
#ifndef PROC_H
#define PROC_H

#include "tree.h"

#define NO_INODE 4711 /* what stat(2) leaves behind when it fails */
#define FIRST_NAMESPACE "pid:[4026531836]"

extern const char *failing; /* the path that cannot be looked at, and errno; NULL: none */
extern int failure;
extern const char *namespace_link; /* of this process; NULL: it cannot be read */

/* Begins a tree with a folder for /proc. All processes can be seen, but there is only one, and it has nothing open. Links to what a process
 * has open are called r..., if only for reading, or w... */
void begin_proc(void);

#endif
