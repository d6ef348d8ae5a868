/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stop.h - SIGINT and SIGTERM as the end of input, for input that has no end of its own: pipes and interfaces.
 *
 * What was on its way when the signal came is still taken, for half a second: the program at the other end of a pipe, which a Ctrl-C
 * reaches too, writes out what it holds and then closes it.
 */
#ifndef FP_STOP_H
#define FP_STOP_H

#include <stdbool.h>

/* From now on the signals end the input, not the program; but a third one does, and clean_up is called before, in the signal's handler. One
 * that the program was started with ignored stays so. */
void fp_stop_catch(void (*clean_up)(void));

/* Whether such a signal has come, and whether the time for what was on its way is over too. */
bool fp_stop_asked(void);
bool fp_stop_is_over(void);

/* Waits until fd can be read, which it returns true for, or fp_stop_is_over. Any thread may call it. */
bool fp_stop_wait(int fd);

/* Waits ms milliseconds, or less where such a signal comes. Returns false when fp_stop_is_over. */
bool fp_stop_sleep(int ms);

#endif
