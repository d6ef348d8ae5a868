#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# check_includes.sh FOLDER - postproc/said stands on libc and libgcrypt alone: of what it includes, all else is its own.
set -eu
cd "$1"
sed -n 's/^ *# *include *[<"]\([^>"]*\)[>"].*/\1/p' ./*.[ch] | sort -u | {
    failures=0
    while read -r header; do
        case $header in
        stdbool.h | stddef.h | stdint.h | stdio.h | stdlib.h | string.h | arpa/inet.h | gcrypt.h) continue ;;
        esac
        if ! [ -f "$header" ]; then
            echo "$1 includes $header"
            failures=$((failures + 1))
        fi
    done
    [ "$failures" -eq 0 ]
}
