/* SPDX-License-Identifier: GPL-2.0-or-later */
/* replay.c - gives the files of folders to the fuzzer's entry point, once each, without libFuzzer. usage: replay FOLDER... */
#include "target.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

static size_t run_file(const char *folder, const char *name)
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
    uint8_t *copy = malloc(n > 0 ? n : 1); /* so that a sanitizer sees where it ends */
    if (copy == NULL)
        exit(EXIT_FAILURE);
    for (size_t i = 0; i < n; i++)
        copy[i] = bytes[i];
    LLVMFuzzerTestOneInput(copy, n);
    free(copy);
    return 1;
}

int main(int argc, char **argv)
{
    size_t files = 0;

    for (int i = 1; i < argc; i++) {
        DIR *folder = opendir(argv[i]);
        if (folder == NULL) {
            perror(argv[i]);
            return EXIT_FAILURE;
        }
        for (struct dirent *entry; (entry = readdir(folder)) != NULL;)
            if (entry->d_name[0] != '.')
                files += run_file(argv[i], entry->d_name);
        closedir(folder);
    }
    printf("%zu files\n", files);
    return files > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
