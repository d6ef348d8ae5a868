/* SPDX-License-Identifier: GPL-2.0-or-later */
/* notify.c - see notify.h. */
#include "notify.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* Who has the socket takes messages in less, or does not take them any more. */
#define WAIT_MS 5000

static int socket_fd = -1; /* stays open: whoever has given up rights may not make another */
static gint64 feed_us;     /* monotonic: when to feed the watchdog again */

/* Fills in the address of systemd's socket. Returns its length; 0: there is none. */
static socklen_t find_socket(struct sockaddr_un *address)
{
    const char *path = g_getenv("NOTIFY_SOCKET");
    size_t length = path == NULL ? 0 : strlen(path);

    if (length == 0 || length >= sizeof address->sun_path || (path[0] != '/' && path[0] != '@'))
        return 0;
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    memcpy(address->sun_path, path, length);
    if (path[0] == '@')
        address->sun_path[0] = '\0'; /* a socket in the abstract namespace, see unix(7) */
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
}

void fp_notify_begin(void)
{
    struct sockaddr_un address;
    const socklen_t bytes = find_socket(&address);

    if (bytes == 0 || socket_fd >= 0)
        return;
    socket_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (socket_fd >= 0)
        (void)!connect(socket_fd, (const struct sockaddr *)&address, bytes);
}

/* What is sent again and again. */
static bool may_be_lost(const char *assignments)
{
    return g_str_has_prefix(assignments, "WATCHDOG=") || g_str_has_prefix(assignments, "STATUS=");
}

/* Never waits for ever: the kernel holds few messages, and whoever should take them may hang. address is NULL: where the socket is
 * connected to. Returns false when the other end may be gone. */
static bool post(const char *assignments, const struct sockaddr *address, socklen_t bytes)
{
    const int flags = MSG_NOSIGNAL | MSG_DONTWAIT;
    const size_t n = strlen(assignments);

    if (sendto(socket_fd, assignments, n, flags, address, bytes) >= 0)
        return true;
    if (errno != EAGAIN)
        return false;
    if (may_be_lost(assignments))
        return true;
    struct pollfd room = {.fd = socket_fd, .events = POLLOUT};
    (void)!poll(&room, 1, WAIT_MS);
    return sendto(socket_fd, assignments, n, flags, address, bytes) >= 0 || errno == EAGAIN;
}

void fp_notify(const char *assignments)
{
    struct sockaddr_un address;
    const socklen_t bytes = find_socket(&address);

    if (bytes == 0)
        return;
    fp_notify_begin();
    if (socket_fd >= 0 && !post(assignments, NULL, 0)) /* systemd's socket can be a new one */
        (void)!post(assignments, (const struct sockaddr *)&address, bytes);
}

gint64 fp_notify_watchdog_us(void)
{
    const char *interval = g_getenv("WATCHDOG_USEC"), *pid = g_getenv("WATCHDOG_PID");

    if (interval == NULL || (pid != NULL && g_ascii_strtoll(pid, NULL, 10) != getpid()))
        return 0;
    return MAX(g_ascii_strtoll(interval, NULL, 10), 0);
}

/* What the environment says of it does not change. */
static gint64 feed_interval_us(void)
{
    static gint64 known_us = -1;

    if (known_us < 0)
        known_us = fp_notify_watchdog_us() / 2; /* sd_watchdog_enabled(3) recommends half of it */
    return known_us;
}

void fp_notify_feed(void)
{
    gint64 now_us = feed_interval_us() > 0 ? g_get_monotonic_time() : -1;

    if (now_us < feed_us)
        return;
    feed_us = now_us + feed_interval_us();
    fp_notify("WATCHDOG=1");
}

int fp_notify_feed_ms(void)
{
    if (feed_interval_us() <= 0)
        return -1;
    return (int)CLAMP((feed_us - g_get_monotonic_time()) / 1000 + 1, 0, G_MAXINT);
}
