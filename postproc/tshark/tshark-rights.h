/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tshark-rights.h - tshark without rights that it does not need: its dissectors read what strangers send.
 *
 * It runs without capabilities and cannot gain any; started by root, it runs as user tshark if there is one, else as nobody.
 */
#ifndef FP_TSHARK_RIGHTS_H
#define FP_TSHARK_RIGHTS_H

#include <glib.h>
#include <stdbool.h>

/* Appends to argv the words by which setpriv(1) runs the program that follows. Returns false and sets error when setpriv is missing, there
 * is no such user, or root may not become another user. The caller frees the words. */
bool fp_tshark_rights_add(GPtrArray *argv, GError **error);

/* The descriptor by which the program that follows is run when its folder is root's alone. */
#define FP_TSHARK_RIGHTS_FD 3

/* Returns the path by which program can be run without root's rights; caller frees. *fd: what must be descriptor FP_TSHARK_RIGHTS_FD there,
 * which the caller closes; -1: nothing. */
char *fp_tshark_rights_path(const char *program, int *fd);

/* Returns the environment for it: ours, but for the home of the user that it runs as. Caller frees with g_strfreev. */
char **fp_tshark_rights_environment(void);

#endif
