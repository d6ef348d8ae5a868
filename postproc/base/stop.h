/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stop.h - SIGINT, SIGTERM and SIGHUP as the end of input; or SIGHUP as the word that a file which is written to for long was moved away
 * (logrotate(8)). The handlers do nothing but take note.
 *
 * Of a pipe or an interface, what was on its way when the signal came is still taken, for half a second from when it is next looked for:
 * the program at the other end of a pipe, which a Ctrl-C reaches too, writes out what it holds and then closes it.
 */
#ifndef FP_STOP_H
#define FP_STOP_H

#include <stdbool.h>

/*
 * From now on these signals, also those held so far (signals.h), end the input, not the program; but a third one does, and clean_up is
 * called before, in the signal's handler. With hangup_reopens SIGHUP ends neither, and is for fp_stop_on_hangup.
 *
 * SIGTERM, and SIGHUP where it would end the input (nohup(1)), stay ignored where the program was started so. SIGINT does not: a script's
 * shell has it ignored by what it starts in the background, and who sends it there means it, as with tcpdump.
 */
void fp_stop_catch(void (*clean_up)(void), bool hangup_reopens);

/* Whether such a signal has come, and whether the time for what was on its way is over too. */
bool fp_stop_asked(void);
bool fp_stop_is_over(void);

/* Has SIGHUP call hangup(user): in fp_stop_attend, and in the two below as soon as it comes, in whatever thread that is. NULL: nobody is
 * called any more, once this has returned. */
void fp_stop_on_hangup(void (*hangup)(void *user), void *user);
void fp_stop_attend(void);

/* Waits until fd can be read, which it returns true for, or fp_stop_is_over. Any thread may call it. */
bool fp_stop_wait(int fd);

/* Waits ms milliseconds, or less where such a signal comes. Returns false when fp_stop_is_over. */
bool fp_stop_sleep(int ms);

/* Ends the program as if it had never heard SIGINT, where that was the first to end the input; else returns. A shell goes on with a
 * script's loop unless it sees that. */
void fp_stop_die_of_interrupt(void);

#endif
