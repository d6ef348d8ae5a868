/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * serve.h - for libraries that stand before functions of a program: it is linked, and does what it always does first, only once, and copies
 * of the process go on from there. Of what tests start thousands of times, that is most. served.py sends the orders.
 */
#ifndef TESTS_SERVE_H
#define TESTS_SERVE_H

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Opens the file at path as fd. Aborts if it cannot be opened. */
static inline void serve_as(int fd, const char *path, int flags)
{
    int file = open(path, flags, 0600);

    if (file < 0 || dup2(file, fd) < 0)
        abort();
    close(file);
}

/* Takes the first two words of an order, the files for what is printed and for errors, and returns the rest. Words have tabs between them.
 */
static inline char *serve_take_files(char *order)
{
    order[strcspn(order, "\n")] = '\0';
    serve_as(STDIN_FILENO, "/dev/null", O_RDONLY);
    serve_as(STDOUT_FILENO, strsep(&order, "\t"), O_WRONLY | O_CREAT | O_EXCL);
    serve_as(STDERR_FILENO, strsep(&order, "\t"), O_WRONLY | O_CREAT | O_EXCL);
    return order;
}

/* Returns in a copy of the process, once for each order, a line on standard input. When the copy has ended, its wait status goes to
 * standard output. */
static inline char *serve(void)
{
    static char order[1 << 16];

    while (fgets(order, sizeof order, stdin) != NULL) {
        int status = 0;
        pid_t child = fork();
        if (child == 0)
            return order;
        if (child < 0 || waitpid(child, &status, 0) < 0)
            abort();
        dprintf(STDOUT_FILENO, "%d\n", status);
    }
    _exit(0);
}

#endif
