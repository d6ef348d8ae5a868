/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * serve-tshark.c - for LD_PRELOAD: tshark is linked and registers its dissectors once, which takes most of its time with a small capture,
 * and answers many questions. See served_tshark.py, which sends them.
 *
 * For each order, a line on standard input, a copy of the process goes on from where tshark has registered all, before it reads preferences
 * and most of its arguments. The line's words, with tabs between them: the file for what it prints, the file for its errors, the capture,
 * the arguments, of which there are as many as tshark was started with. The wait status goes to standard output.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../faults/wrap.h"

#define NAME_OF_ANY "any capture "

/* Parameters differ between versions; all are integers and pointers, and there are never more. */
typedef long (*Function)(long, long, long, long, long, long);

long epan_init(long a, long b, long c, long d, long e, long f);
void epan_cleanup(void);
void wtap_cleanup(void);
char *g_strdup(const char *text);

static char **arguments;
static char *capture; /* the name that tshark has taken from its arguments before, with room for others */

__attribute__((constructor)) static void find_arguments(int argc, char **argv)
{
    (void)argc;
    arguments = argv;
    unsetenv("LD_PRELOAD"); /* what tshark starts is no server */
}

static void replace(int fd, const char *path, int flags)
{
    int file = open(path, flags, 0600);

    if (file < 0 || dup2(file, fd) < 0)
        abort();
    close(file);
}

static void take_order(char *order)
{
    char *rest = order;

    order[strcspn(order, "\n")] = '\0';
    replace(STDIN_FILENO, "/dev/null", O_RDONLY);
    replace(STDOUT_FILENO, strsep(&rest, "\t"), O_WRONLY | O_CREAT | O_EXCL);
    replace(STDERR_FILENO, strsep(&rest, "\t"), O_WRONLY | O_CREAT | O_EXCL);
    strcpy(capture, strsep(&rest, "\t")); /* NOLINT: served_tshark.py knows how much room there is */
    for (char **argument = arguments + 1; *argument != NULL; argument++) {
        *argument = strsep(&rest, "\t");
        if (*argument == NULL)
            abort();
    }
}

/* Returns in a copy of the process, once for each order. */
static void serve(void)
{
    static char order[1 << 16];

    while (fgets(order, sizeof order, stdin) != NULL) {
        int status = 0;
        pid_t child = fork();
        if (child == 0) {
            take_order(order);
            return;
        }
        if (child < 0 || waitpid(child, &status, 0) < 0)
            abort();
        dprintf(STDOUT_FILENO, "%d\n", status);
    }
    _exit(0);
}

long epan_init(long a, long b, long c, long d, long e, long f)
{
    Function next;

    FIND(next, "epan_init");
    long result = next(a, b, c, d, e, f);
    serve();
    return result;
}

/* At the end all is freed that was registered, and each page of it would be copied for that. */
void epan_cleanup(void)
{
}

void wtap_cleanup(void)
{
}

char *g_strdup(const char *text)
{
    static char *(*next)(const char *);

    if (next == NULL)
        FIND(next, "g_strdup");
    char *copy = next(text);
    if (capture == NULL && text != NULL && strncmp(text, NAME_OF_ANY, strlen(NAME_OF_ANY)) == 0)
        capture = copy;
    return copy;
}
