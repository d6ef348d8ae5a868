/* SPDX-License-Identifier: GPL-2.0-or-later */
/* terminal.h - what the terminal can do that people read at, if there is one. */
#ifndef FP_TERMINAL_H
#define FP_TERMINAL_H

#include <stdbool.h>

/* The width of a line in columns: COLUMNS in the environment, else the width of the terminal fd (-1: none). 0 when neither tells. */
unsigned fp_terminal_columns(int fd);

/* Whether to colour output to fd: it is a terminal that can show colours, and NO_COLOR (no-color.org) is unset or empty. */
bool fp_terminal_has_colors(int fd);

/* Reads when to colour output to fd: "auto", as above, "always" or "never"; NULL: auto. Returns false when it is none of these. */
bool fp_terminal_colors_from_text(const char *when, int fd, bool *has_colors);

#endif
