/* SPDX-License-Identifier: GPL-2.0-or-later */
/* config.c - any bytes as a watcher's configuration file: it is taken, or refused with an error. Not with what tshark would be asked about:
 * it would be started for each. */
#include "memory-file.h"

#include "command/watch-arguments.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    char path[64];
    GError *error = NULL;

    if (memmem(bytes, n, "fields", 6) != NULL || memmem(bytes, n, "display-filter", 14) != NULL)
        return 0;
    int fd = memory_file(bytes, n, path);
    char *argv[] = {(char[]){"firstpayload watch"}, (char[]){"--config"}, path, (char[]){"/in"}, (char[]){"/out"}, NULL};
    FpWatchArguments *arguments = fp_watch_arguments_parse(argv, &error);

    REQUIRE((arguments == NULL) == (error != NULL));
    g_clear_error(&error);
    if (arguments != NULL)
        fp_watch_arguments_free(arguments);
    close(fd);
    return 0;
}
