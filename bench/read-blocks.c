/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * read-blocks.c - walks the records of a capture in blocks of 256 KiB and does nothing with them: the cost of reading alone. Prints the
 * number of records. Takes classic pcap with microseconds in this machine's byte order, which is what generate writes.
 *
 * usage: read-blocks CAPTURE
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define BLOCK_BYTES ((size_t)256 * 1024)
#define FILE_HEADER 24
#define RECORD_HEADER 16
#define CAPTURED_OFFSET 8
#define CAPTURED_MAX 262144U
#define EXIT_DATA 65

/* Returns how many of the n bytes are complete records, or -1 when a record is longer than allowed. */
static ssize_t walk_records(const uint8_t *bytes, size_t n, uint64_t *records)
{
    size_t at = 0;

    while (n - at >= RECORD_HEADER) {
        uint32_t captured;
        memcpy(&captured, bytes + at + CAPTURED_OFFSET, sizeof captured);
        if (captured > CAPTURED_MAX)
            return -1;
        if (n - at < RECORD_HEADER + captured)
            break;
        at += RECORD_HEADER + captured;
        (*records)++;
    }
    return (ssize_t)at;
}

/* Returns 0, or an exit status. */
static int read_records(int fd, uint64_t *records)
{
    static uint8_t buffer[RECORD_HEADER + CAPTURED_MAX + BLOCK_BYTES];
    static const uint32_t magic = 0xa1b2c3d4;
    size_t carried = 0;
    ssize_t n;

    if (read(fd, buffer, FILE_HEADER) != FILE_HEADER || memcmp(buffer, &magic, sizeof magic) != 0)
        return EXIT_DATA;
    while ((n = read(fd, buffer + carried, BLOCK_BYTES)) > 0) {
        size_t held = carried + (size_t)n;
        ssize_t taken = walk_records(buffer, held, records);
        if (taken < 0)
            return EXIT_DATA;
        carried = held - (size_t)taken;
        memmove(buffer, buffer + taken, carried);
    }
    return n == 0 && carried == 0 ? 0 : EXIT_DATA;
}

int main(int argc, char **argv)
{
    uint64_t records = 0;
    int fd = argc == 2 ? open(argv[1], O_RDONLY | O_CLOEXEC) : -1;

    if (fd < 0) {
        fputs("usage: read-blocks CAPTURE\n", stderr);
        return 64;
    }
    int status = read_records(fd, &records);
    close(fd);
    if (status == 0)
        printf("%" PRIu64 "\n", records);
    else
        fprintf(stderr, "read-blocks: %s: cannot be read\n", argv[1]);
    return status;
}
