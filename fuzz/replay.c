/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * replay.c - gives the files of folders to the fuzzer's entry point, once each, without libFuzzer. usage: replay [--changed] FOLDER...
 *
 * --changed: and with each byte changed in the ways that tell most, one at a time, and cut at each byte.
 */
#include "target.h"

#include <dirent.h>
#include <stdbool.h>
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

static void run_changed(uint8_t *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const uint8_t kept = bytes[i];
        const uint8_t values[] = {0, 0xff, kept ^ 1, (uint8_t)(kept + 2), kept ^ 0x20, kept ^ 0x80, ' ', '\n', ':', '5', '[', 'z'};
        for (size_t value = 0; value < sizeof values; value++) {
            bytes[i] = values[value];
            run(bytes, n);
        }
        bytes[i] = kept;
        run(bytes, i);
    }
}

static size_t run_file(const char *folder, const char *name, bool is_changed)
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
    if (is_changed)
        run_changed(bytes, n);
    return 1;
}

int main(int argc, char **argv)
{
    size_t files = 0;
    const bool is_changed = argc > 1 && strcmp(argv[1], "--changed") == 0;

    for (int i = is_changed ? 2 : 1; i < argc; i++) {
        DIR *folder = opendir(argv[i]);
        if (folder == NULL) {
            perror(argv[i]);
            return EXIT_FAILURE;
        }
        for (struct dirent *entry; (entry = readdir(folder)) != NULL;)
            if (entry->d_name[0] != '.')
                files += run_file(argv[i], entry->d_name, is_changed);
        closedir(folder);
    }
    printf("%zu files\n", files);
    return files > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
