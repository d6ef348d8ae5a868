/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stop.h - SIGINT, SIGTERM and SIGHUP as the end of input. Or SIGHUP as the notice that a log file was moved away (logrotate(8)).
 *
 * Data that is on its way through a pipe or from an interface when the signal comes is still taken, for half a second from the next look
 * for it. Ctrl-C also reaches the program at the other end of a pipe, which then writes out what it holds and closes the pipe.
 */
#ifndef FP_STOP_H
#define FP_STOP_H

#include <stdbool.h>

/*
 * From now on these signals, including those held so far (signals.h), end the input, not the program. A third one ends the program. With
 * hangup_reopens, SIGHUP ends neither and is for fp_stop_on_hangup.
 *
 * If the program was started with SIGTERM ignored, it stays ignored; so does SIGHUP where it would end the input (nohup(1)). SIGINT does
 * not: a script's shell makes background commands ignore it, and whoever sends it to one of them means it, as with tcpdump.
 */
void fp_stop_catch(bool hangup_reopens);

/* From now on SIGUSR1, too, is taken: it asks for a report. Call it before fp_stop_catch. */
void fp_stop_catch_report(void);

/* Whether SIGUSR1 has come since the last call. */
bool fp_stop_report_asked(void);

/* Whether such a signal has come. */
bool fp_stop_asked(void);

/* Whether such a signal has come and the half second for data on its way is over, too. */
bool fp_stop_is_over(void);

/* Has SIGHUP call hangup(user): in fp_stop_attend, or as soon as it comes in fp_stop_wait and fp_stop_sleep, in whichever thread that is.
 * With hangup NULL, nothing is called any more once this has returned. */
void fp_stop_on_hangup(void (*hangup)(void *user), void *user);

/* Calls the function of fp_stop_on_hangup if SIGHUP has come since the last call. Any thread may call it. */
void fp_stop_attend(void);

/* Waits until fd is readable and returns true, or until fp_stop_is_over and returns false. Any thread may call it. */
bool fp_stop_wait(int fd);

/* Like fp_stop_wait, for ms milliseconds at most (negative: no limit); any signal that this takes ends the wait, also SIGHUP and SIGUSR1.
 * Returns whether fd is readable. */
bool fp_stop_wait_for(int fd, int ms);

/* How many times SIGHUP was attended to (fp_stop_attend), whether or not anything was called. */
unsigned fp_stop_hangups(void);

/* Waits ms milliseconds, or less if such a signal comes. Returns false when fp_stop_is_over. */
bool fp_stop_sleep(int ms);

/* If SIGINT was the first signal to end the input, ends the program by SIGINT, as if it had never been caught; else returns. A shell
 * continues a script's loop unless it sees that. */
void fp_stop_die_of_interrupt(void);

#endif
