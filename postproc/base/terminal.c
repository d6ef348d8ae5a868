/* SPDX-License-Identifier: GPL-2.0-or-later */
/* terminal.c - see terminal.h. */
#include "terminal.h"

#include <glib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define COLUMNS_MAX 10000

unsigned fp_terminal_columns(int fd)
{
    const char *wish = g_getenv("COLUMNS");
    guint64 columns;
    struct winsize size;

    if (wish != NULL && g_ascii_string_to_unsigned(wish, 10, 1, COLUMNS_MAX, &columns, NULL))
        return (unsigned)columns;
    return fd >= 0 && ioctl(fd, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

bool fp_terminal_has_colors(int fd)
{
    const char *objection = g_getenv("NO_COLOR"), *kind = g_getenv("TERM");

    return isatty(fd) && (objection == NULL || *objection == '\0') && kind != NULL && *kind != '\0' && g_strcmp0(kind, "dumb") != 0;
}

bool fp_terminal_colors_from_text(const char *when, int fd, bool *has_colors)
{
    *has_colors = fp_terminal_has_colors(fd);
    if (when == NULL || g_str_equal(when, "auto"))
        return true;
    *has_colors = g_str_equal(when, "always");
    return *has_colors || g_str_equal(when, "never");
}
