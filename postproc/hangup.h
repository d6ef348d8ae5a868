/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hangup.h - SIGHUP as the word that a file which is written to for long was moved away, and shall be opened anew (logrotate(8)).
 */
#ifndef FP_HANGUP_H
#define FP_HANGUP_H

/* From now on, with SIGHUP, path is opened for appending, created if need be, and fd stands for that. It happens in the signal's handler,
 * at once also while nothing is written for long, and between two calls of write(2). One file at a time; both arguments must last until
 * fp_hangup_forget. A SIGHUP that the program was started with ignored (nohup(1)) is heard, as it does not end the program any more. */
void fp_hangup_reopens(int fd, const char *path);
void fp_hangup_forget(void);

/* Why the last attempt since this was asked last did not work: an errno, or 0. Then fd still stands for the file of before. */
int fp_hangup_failure(void);

#endif
