/* SPDX-License-Identifier: GPL-2.0-or-later */
/* terminal.h - what the terminal is like that people read at, if there is one. */
#ifndef FP_TERMINAL_H
#define FP_TERMINAL_H

#include <stdbool.h>

/* The columns of a line: as COLUMNS in the environment says, else those of the terminal that fd is (-1: none). 0: neither says so. */
unsigned fp_terminal_columns(int fd);

/* Whether what goes to fd is to be coloured: it is a terminal that can be, and nobody objects (NO_COLOR, see no-color.org). */
bool fp_terminal_has_colors(int fd);

#endif
