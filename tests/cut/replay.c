/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * replay.c - sends the frames of a classic pcap (Ethernet, this machine's byte order) out of an interface, as they are.
 *
 * usage: replay INTERFACE [BURST DESCRIPTOR] <CAPTURE
 *
 * After each BURST frames it writes how many it has sent, and waits for a byte on DESCRIPTOR: whoever wants to pace it by what others have
 * read of the frames can do so. Without BURST it sends all at once. Frames that the interface does not take, as they
 * are too long or too short, are left out; how many these were is the last thing that it writes.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define FILE_HEADER 24
#define RECORD_HEADER 16
#define FRAME_MAX 65536U
#define BATCH 64U

typedef struct {
    int socket;
    struct sockaddr_ll to;
    struct mmsghdr messages[BATCH];
    struct iovec frames[BATCH];
    int go;
    unsigned n; /* in the batch */
    uint64_t sent, left_out;
} Replay;

static void die(const char *what)
{
    fprintf(stderr, "replay: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void open_socket(Replay *replay, const char *interface)
{
    replay->socket = socket(AF_PACKET, SOCK_RAW, 0);
    replay->to = (struct sockaddr_ll){
        .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = (int)if_nametoindex(interface), .sll_halen = 6};
    if (replay->socket < 0 || replay->to.sll_ifindex == 0)
        die(interface);
    for (unsigned i = 0; i < BATCH; i++) {
        replay->frames[i].iov_base = malloc(FRAME_MAX);
        replay->messages[i].msg_hdr =
            (struct msghdr){.msg_name = &replay->to, .msg_namelen = sizeof replay->to, .msg_iov = &replay->frames[i], .msg_iovlen = 1};
    }
}

/* sendmmsg ends before a frame that the interface does not take. */
static void send_batch(Replay *replay)
{
    for (unsigned i = 0; i < replay->n;) {
        int n = sendmmsg(replay->socket, replay->messages + i, replay->n - i, 0);
        if (n > 0) {
            i += (unsigned)n;
            replay->sent += (unsigned)n;
        } else if (errno == EMSGSIZE || errno == EINVAL) {
            i++;
            replay->left_out++;
        } else if (errno != ENOBUFS && errno != EAGAIN && errno != EINTR) {
            die("sending");
        }
    }
    replay->n = 0;
}

static void wait_for_go(const Replay *replay)
{
    char byte;

    printf("%llu\n", (unsigned long long)replay->sent);
    fflush(stdout);
    if (read(replay->go, &byte, 1) <= 0)
        exit(0);
}

/* Reads the next frame into the batch. Returns false at the end. */
static bool read_frame(Replay *replay)
{
    uint32_t header[RECORD_HEADER / 4];

    if (fread(header, sizeof header, 1, stdin) != 1)
        return false;
    if (header[2] > FRAME_MAX) {
        replay->left_out++;
        for (uint32_t i = 0; i < header[2]; i++)
            (void)getchar();
        return true;
    }
    struct iovec *frame = &replay->frames[replay->n++];
    frame->iov_len = header[2];
    return fread(frame->iov_base, header[2], 1, stdin) == 1 || header[2] == 0;
}

int main(int argc, char **argv)
{
    static Replay replay;
    char file_header[FILE_HEADER];

    if ((argc != 2 && argc != 4) || fread(file_header, sizeof file_header, 1, stdin) != 1) {
        fputs("usage: replay INTERFACE [BURST DESCRIPTOR] <CAPTURE\n", stderr);
        return 64;
    }
    open_socket(&replay, argv[1]);
    const unsigned long burst = argc == 4 ? strtoul(argv[2], NULL, 10) : 0;
    replay.go = argc == 4 ? (int)strtol(argv[3], NULL, 10) : -1;
    for (unsigned long i = 1; read_frame(&replay); i++) {
        const bool is_burst = burst != 0 && i % burst == 0;
        if (replay.n == BATCH || is_burst)
            send_batch(&replay);
        if (is_burst)
            wait_for_go(&replay);
    }
    send_batch(&replay);
    printf("%llu left out\n", (unsigned long long)replay.left_out);
    return 0;
}
