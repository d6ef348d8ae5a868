/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * command.h - the commands of the program. Each is a file, command-NAME.c, with a function that is declared here, and a row of the table in
 * main.c, by which it is found, listed in the help and suggested.
 */
#ifndef FP_COMMAND_H
#define FP_COMMAND_H

#include <glib.h>
#include <stdbool.h>

#include "pass/summary.h"

/* The exit status when a capture ended too early, a file was put aside, or streams could not be judged as asked. All else was done. */
#define FP_EXIT_CUT 1

/* argv is NULL-terminated: the program's name, then the words after the command's name. Each returns the exit status. */
int fp_command_show(int argc, char **argv);
int fp_command_said(int argc, char **argv);
int fp_command_slim(int argc, char **argv);
int fp_command_digest(int argc, char **argv);
int fp_command_watch(int argc, char **argv);
int fp_command_status(int argc, char **argv);
int fp_command_rotate(int argc, char **argv);

/* Returns the exit status after captures were read without a failure; or dies of the signal that ended the reading, as shells expect. */
int fp_command_end(const FpSummary *summary);

/* Prints what went wrong and, after wrong usage, where to read on. Takes ownership of error. Returns the exit status that goes with it. */
int fp_command_fail(GError *error);

/* Whether word asks for help, as an option or a command. */
bool fp_command_is_help(const char *word);

#endif
