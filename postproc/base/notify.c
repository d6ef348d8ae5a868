/* SPDX-License-Identifier: GPL-2.0-or-later */
/* notify.c - see notify.h. */
#include "notify.h"

#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

void fp_notify(const char *assignments)
{
    static int fd = -1; /* stays open: whoever has given up rights may not make another */
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const char *path = g_getenv("NOTIFY_SOCKET");
    size_t length = path == NULL ? 0 : strlen(path);

    if (length == 0 || length >= sizeof address.sun_path || (path[0] != '/' && path[0] != '@'))
        return;
    memcpy(address.sun_path, path, length);
    if (path[0] == '@')
        address.sun_path[0] = '\0'; /* a socket in the abstract namespace, see unix(7) */
    const socklen_t address_bytes = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
    if (fd < 0) {
        fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        (void)!connect(fd, (const struct sockaddr *)&address, address_bytes); /* whose path the later user may not write to */
    }
    if (send(fd, assignments, strlen(assignments), MSG_NOSIGNAL) < 0)
        (void)!sendto(fd, assignments, strlen(assignments), MSG_NOSIGNAL, (const struct sockaddr *)&address, address_bytes);
}

gint64 fp_notify_watchdog_us(void)
{
    const char *interval = g_getenv("WATCHDOG_USEC"), *pid = g_getenv("WATCHDOG_PID");

    if (interval == NULL || (pid != NULL && g_ascii_strtoll(pid, NULL, 10) != getpid()))
        return 0;
    return MAX(g_ascii_strtoll(interval, NULL, 10), 0);
}
