/* SPDX-License-Identifier: GPL-2.0-or-later */
/* classic-expressions.c - see classic-expressions.h. */
#include "classic-expressions.h"

#include <glib.h>
#include <pcap/pcap.h>

const char *const classic_expressions[] = {
    "tcp",
    "tcp port 443",
    "host 192.0.2.10 and not port 22",
    "portrange 40000-50000 or udp",
    "tcp[tcpflags] & (tcp-syn|tcp-fin) != 0",
    "(ip[2:2] - ((ip[0] & 0xf) << 2)) - ((tcp[12] & 0xf0) >> 2) != 0",
    "len > 100",
    "ip[8] * 3 / 2 > 90 or ip6",
    "len / (ip[1] + 1) % 7 != 3",
    "tcp[((tcp[12] & 0xf0) >> 2):4] = 0x47455420",
    "net 198.51.100.0/24 and tcp and (port 80 or port 443 or port 22) and greater 80",
    "ip[6:2] & 0x1fff = 0 and -ip[0] = -69",
};
const size_t classic_n_expressions = G_N_ELEMENTS(classic_expressions);

static struct bpf_program program;

const void *classic_compile(size_t i, size_t *n)
{
    pcap_t *pcap = pcap_open_dead(DLT_EN10MB, 65535);

    if (pcap_compile(pcap, &program, classic_expressions[i], 1, PCAP_NETMASK_UNKNOWN) != 0)
        g_error("%s: %s", classic_expressions[i], pcap_geterr(pcap));
    pcap_close(pcap);
    *n = program.bf_len;
    return program.bf_insns;
}

void classic_free(void)
{
    pcap_freecode(&program);
}

void classic_run(const char *path, ClassicTake take, void *user)
{
    char message[PCAP_ERRBUF_SIZE];
    pcap_t *pcap = pcap_open_offline(path, message);
    struct pcap_pkthdr *header;
    const u_char *frame;

    if (pcap == NULL)
        g_error("%s", message);
    while (pcap_next_ex(pcap, &header, &frame) == 1) {
        const bpf_u_int32 lengths[] = {header->caplen, MIN(header->caplen, 36), MIN(header->caplen, 14)};
        for (size_t i = 0; i < G_N_ELEMENTS(lengths); i++) {
            struct pcap_pkthdr cut = {.caplen = lengths[i], .len = lengths[i]};
            take(user, frame, lengths[i], pcap_offline_filter(&program, &cut, frame) != 0);
        }
    }
    pcap_close(pcap);
}
