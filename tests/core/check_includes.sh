#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# check_includes.sh COMPILER CORE_FOLDER INCLUDE_FOLDER[:...] - core/ stands on libc and xxhash alone: its files
# compile, and none does once it includes a header of GLib, libpcap or Wireshark, even where that one is installed.
set -u
compiler=$1 core=$2 folders=$3
glib_folders=$(pkg-config --cflags-only-I glib-2.0) # as if somebody had linked it to the target

compile() { # SOURCE, on standard input
    # shellcheck disable=SC2046,SC2086 # both are lists of folders
    "$compiler" -std=gnu11 -fsyntax-only -x c -I"$core" $(printf ' -I%s' $(echo "$folders" | tr : ' ')) $glib_folders -
}

failures=0
for file in "$core"/*.[ch]; do
    if ! compile <"$file"; then
        echo "$file does not compile as it is"
        failures=$((failures + 1))
    fi
    for header in glib.h gio/gio.h pcap.h pcap/pcap.h epan/packet.h wiretap/wtap.h wsutil/wsutil.h ws_version.h config.h; do
        if message=$({ echo "#include <$header>"; cat "$file"; } | compile 2>&1) || ! echo "$message" | grep -q "core/ stands on libc and xxhash alone"; then
            echo "$file compiles with $header, or fails for another reason: $message"
            failures=$((failures + 1))
        fi
    done
done
[ "$failures" -eq 0 ]
