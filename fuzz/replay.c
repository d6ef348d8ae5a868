/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * replay.c - gives the files of folders to the fuzzer's entry point, once each, without libFuzzer. usage: replay [--changed|--changed-once]
 * FOLDER...
 *
 * --changed: and with each byte changed in the ways that tell most, one at a time, and cut at each byte.
 * --changed-once: the same, but each byte in one of these ways, the next in the next, for builds that are slow.
 */
#include "target.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A copy of its own, so that a sanitizer sees where it ends. */
static void run(const uint8_t *bytes, size_t n)
{
    uint8_t *copy = malloc(n > 0 ? n : 1);

    if (copy == NULL)
        exit(EXIT_FAILURE);
    for (size_t i = 0; i < n; i++)
        copy[i] = bytes[i];
    LLVMFuzzerTestOneInput(copy, n);
    free(copy);
}

#define WAYS 12U

/* ways: in how many each byte is changed. */
static void run_changed(uint8_t *bytes, size_t n, size_t ways)
{
    for (size_t i = 0; i < n; i++) {
        const uint8_t kept = bytes[i];
        const uint8_t values[WAYS] = {0, 0xff, kept ^ 1, (uint8_t)(kept + 2), kept ^ 0x20, kept ^ 0x80, ' ', '\n', ':', '5', '[', 'z'};
        for (size_t way = 0; way < ways; way++) {
            bytes[i] = values[(i + way) % WAYS];
            run(bytes, n);
        }
        bytes[i] = kept;
        run(bytes, i);
    }
}

static size_t run_file(const char *folder, const char *name, size_t ways)
{
    static uint8_t bytes[1 << 20];
    char path[4096];

    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        perror(path);
        exit(EXIT_FAILURE);
    }
    size_t n = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    run(bytes, n);
    if (ways > 0)
        run_changed(bytes, n, ways);
    return 1;
}

static size_t ways_of(const char *option)
{
    return strcmp(option, "--changed") == 0 ? WAYS : strcmp(option, "--changed-once") == 0 ? 1 : 0;
}

int main(int argc, char **argv)
{
    size_t files = 0;
    const size_t ways = argc > 1 ? ways_of(argv[1]) : 0;

    for (int i = ways > 0 ? 2 : 1; i < argc; i++) {
        DIR *folder = opendir(argv[i]);
        if (folder == NULL) {
            perror(argv[i]);
            return EXIT_FAILURE;
        }
        for (struct dirent *entry; (entry = readdir(folder)) != NULL;)
            if (entry->d_name[0] != '.')
                files += run_file(argv[i], entry->d_name, ways);
        closedir(folder);
    }
    printf("%zu files\n", files);
    return files > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
