#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# fuzz.sh - runs the fuzzers of first messages, one after the other, each for so many seconds. Needs clang.
#
#   tests/said/fuzz.sh SECONDS [NAME...]      without names: all of them
#
# Built in build/fuzz. What a fuzzer learns stays in build/fuzz/corpus/NAME for the next time. An input that something is
# wrong with is left in the working folder; it goes to tests/said/corpus/KIND under a name that says what it is, where the
# tests find it, and then it is mended. One input again: build/fuzz/tests/said/fuzz-NAME FILE
set -eu
cd "$(dirname "$0")/../.."

all='tls http http2 ssh ssh_behind_lines proxy reply_220 pop3 imap mysql_server mysql_client postgres mqtt rdp smb dns socks xmpp ldap recognise datagrams sealed secrets answer'
case ${1:-} in
'' | *[!0-9]*)
    echo 'usage: tests/said/fuzz.sh SECONDS [NAME...]' >&2
    exit 64
    ;;
esac
seconds=$1
shift
[ $# -gt 0 ] || eval "set -- $all"

cmake -B build/fuzz -G Ninja -DCMAKE_C_COMPILER=clang -DCMAKE_BUILD_TYPE=Debug -DFIRSTPAYLOAD_FUZZ=ON >/dev/null
# shellcheck disable=SC2046 # a list of words
cmake --build build/fuzz --target $(printf 'fuzz-%s ' "$@")

dictionary() { # NAME
    case $1 in
    http2) echo http ;;
    ssh_behind_lines) echo ssh ;;
    reply_220 | pop3 | imap) echo greetings ;;
    mysql_*) echo mysql ;;
    datagrams | sealed) echo quic ;;
    *) echo "$1" ;;
    esac
}

status=0
for name in "$@"; do
    seeds=messages
    [ ! -d "tests/said/corpus/$name" ] || seeds=$name
    mkdir -p "build/fuzz/corpus/$name"
    words=build/fuzz/$name.dict
    if [ "$name" = recognise ] || [ "$name" = secrets ] || [ "$name" = answer ]; then
        cat tests/said/dictionaries/*.dict >"$words"
    else
        cat "tests/said/dictionaries/$(dictionary "$name").dict" >"$words"
    fi
    echo "== $name"
    "build/fuzz/tests/said/fuzz-$name" -max_total_time="$seconds" -max_len=8192 -timeout=10 -print_final_stats=1 -verbosity=0 -dict="$words" \
        "build/fuzz/corpus/$name" "tests/said/corpus/$seeds" || status=1
done
exit "$status"
