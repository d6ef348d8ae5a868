/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * send.c - sends the frames of a capture from an interface, over and over, at a given rate, and prints how many it sent and in how many
 * seconds. Takes root, or CAP_NET_RAW.
 *
 * usage: send CAPTURE INTERFACE FRAMES_PER_SECOND FRAMES
 *
 * CAPTURE is a classic pcap as generate writes it. When the machine cannot send so many frames a second, it sends as many as it can.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define FILE_HEADER 24U
#define RECORD_HEADER 16U
#define PCAP_MAGIC 0xa1b2c3d4U
#define AT_ONCE 32U    /* frames for one call; fewer and shorter bursts than a network card delivers */
#define PAUSE_NS 20000 /* when nothing is due */

typedef struct {
    uint8_t *bytes;
    struct iovec *frames;
    size_t n;
} Frames;

static void fail(const char *what)
{
    fprintf(stderr, "send: %s: %s\n", what, strerror(errno));
    exit(1);
}

static Frames load(const char *path)
{
    Frames loaded = {0};
    struct stat status;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0 || fstat(fd, &status) != 0)
        fail(path);
    size_t size = (size_t)status.st_size, room = size / (RECORD_HEADER + 1) + 1;
    loaded.bytes = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_POPULATE, fd, 0);
    loaded.frames = calloc(room, sizeof *loaded.frames);
    if (loaded.bytes == MAP_FAILED || loaded.frames == NULL)
        fail(path);
    close(fd);
    uint32_t magic = 0, length;
    if (size >= FILE_HEADER)
        memcpy(&magic, loaded.bytes, sizeof magic);
    for (size_t at = FILE_HEADER; magic == PCAP_MAGIC && size - at >= RECORD_HEADER; at += RECORD_HEADER + length) {
        memcpy(&length, loaded.bytes + at + 8, sizeof length);
        if (length == 0 || length > size - at - RECORD_HEADER)
            break;
        loaded.frames[loaded.n++] = (struct iovec){.iov_base = loaded.bytes + at + RECORD_HEADER, .iov_len = length};
    }
    errno = EINVAL;
    if (loaded.n == 0)
        fail(path);
    return loaded;
}

static int open_interface(const char *name)
{
    struct sockaddr_ll address = {.sll_family = AF_PACKET, .sll_ifindex = (int)if_nametoindex(name)};
    int one = 1;
    int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0); /* of no protocol: it receives nothing */

    if (address.sll_ifindex == 0 || fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof address) != 0)
        fail(name);
    (void)setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &one, sizeof one);
    return fd;
}

static uint64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec;
}

/* Sends the next frames, at most so many. Returns how many were sent. */
static unsigned send_some(int fd, const Frames *frames, uint64_t from, uint64_t most)
{
    struct mmsghdr messages[AT_ONCE];
    unsigned n = most < AT_ONCE ? (unsigned)most : AT_ONCE;

    for (unsigned i = 0; i < n; i++)
        messages[i] = (struct mmsghdr){.msg_hdr = {.msg_iov = &frames->frames[(from + i) % frames->n], .msg_iovlen = 1}};
    int sent = sendmmsg(fd, messages, n, 0);
    if (sent < 0 && errno != ENOBUFS && errno != EAGAIN)
        fail("sendmmsg");
    return sent > 0 ? (unsigned)sent : 0;
}

int main(int argc, char **argv)
{
    const struct timespec pause = {.tv_nsec = PAUSE_NS};

    if (argc != 5) {
        fprintf(stderr, "usage: send CAPTURE INTERFACE FRAMES_PER_SECOND FRAMES\n");
        return 64;
    }
    uint64_t rate = strtoull(argv[3], NULL, 10), wanted = strtoull(argv[4], NULL, 10), sent = 0;
    Frames frames = load(argv[1]);
    int fd = open_interface(argv[2]);
    uint64_t begun = now_ns();
    while (sent < wanted) {
        uint64_t due = (now_ns() - begun) * rate / 1000000000U;
        if (due > wanted)
            due = wanted;
        if (due > sent)
            sent += send_some(fd, &frames, sent, due - sent);
        else
            nanosleep(&pause, NULL);
    }
    printf("%" PRIu64 " %.6f\n", sent, (double)(now_ns() - begun) / 1e9);
    free(frames.frames);
    return 0;
}
