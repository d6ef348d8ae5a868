/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * read-libwiretap.c - reads a capture through libwiretap and does nothing with it: the cost of that alone. Prints the number of records.
 *
 * usage: read-libwiretap CAPTURE
 */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>

#include "capture/wiretap-compat.h"

#define EXIT_DATA 65

static void say(FP_WIRETAP_LOG_PARAMETERS)
{
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
}

static int fail(const char *path, int err, char *err_info)
{
    fprintf(stderr, "read-libwiretap: %s: %s\n", path, wtap_strerror(err));
    g_free(err_info);
    return EXIT_DATA;
}

static uint64_t read_records(wtap *wth, int *err, char **err_info)
{
    FpWiretapRecord record;
    int64_t offset;
    uint64_t records = 0;

    fp_wiretap_record_init(&record);
    while (fp_wiretap_read(wth, &record, err, err_info, &offset))
        records++;
    fp_wiretap_record_clear(&record);
    return records;
}

int main(int argc, char **argv)
{
    int err = 0;
    char *err_info = NULL;

    if (argc != 2) {
        fputs("usage: read-libwiretap CAPTURE\n", stderr);
        return 64;
    }
    fp_wiretap_log_init("read-libwiretap", say);
    wtap_init(FALSE);
    wtap *wth = wtap_open_offline(argv[1], WTAP_TYPE_AUTO, &err, &err_info, FALSE);
    if (wth == NULL)
        return fail(argv[1], err, err_info);
    uint64_t records = read_records(wth, &err, &err_info);
    wtap_close(wth);
    if (err != 0)
        return fail(argv[1], err, err_info);
    wtap_cleanup();
    printf("%" PRIu64 "\n", records);
    return 0;
}
