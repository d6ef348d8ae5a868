/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * read-libwiretap.c - reads a capture through libwiretap and does nothing with it: what that alone costs. Prints how many records there
 * were.
 *
 * usage: read-libwiretap CAPTURE
 */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>

#include <wiretap/wtap.h>
#include <wsutil/wslog.h>

#define EXIT_DATA 65

static int fail(const char *path, int err, char *err_info)
{
    fprintf(stderr, "read-libwiretap: %s: %s\n", path, wtap_strerror(err));
    g_free(err_info);
    return EXIT_DATA;
}

static uint64_t read_records(wtap *wth, int *err, char **err_info)
{
    wtap_rec record;
    Buffer buffer;
    gint64 offset;
    uint64_t records = 0;

    wtap_rec_init(&record);
    ws_buffer_init(&buffer, 1514);
    while (wtap_read(wth, &record, &buffer, err, err_info, &offset)) {
        records++;
        wtap_rec_reset(&record);
    }
    wtap_rec_cleanup(&record);
    ws_buffer_free(&buffer);
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
    ws_log_init("read-libwiretap", NULL);
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
