/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * read-libpcap.c - reads a capture through libpcap and does nothing with it: the cost of that alone. Prints the number of records.
 *
 * usage: read-libpcap CAPTURE
 */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>

#include <pcap/pcap.h>

#define EXIT_DATA 65

int main(int argc, char **argv)
{
    char error[PCAP_ERRBUF_SIZE] = "usage: read-libpcap CAPTURE";
    pcap_t *pcap = argc == 2 ? pcap_open_offline(argv[1], error) : NULL;
    struct pcap_pkthdr *header;
    const u_char *data;
    uint64_t records = 0;
    int result;

    if (pcap == NULL) {
        fprintf(stderr, "%s\n", error);
        return 64;
    }
    while ((result = pcap_next_ex(pcap, &header, &data)) == 1)
        records++;
    if (result != PCAP_ERROR_BREAK) { /* the end of the file */
        pcap_perror(pcap, "read-libpcap");
        pcap_close(pcap);
        return EXIT_DATA;
    }
    pcap_close(pcap);
    printf("%" PRIu64 "\n", records);
    return 0;
}
