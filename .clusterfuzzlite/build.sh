#!/bin/bash -eu
# SPDX-License-Identifier: GPL-2.0-or-later
#
# build.sh - builds all fuzzers into $OUT, each with its seeds, its dictionary and the libraries that it needs. ClusterFuzzLite sets CC, CFLAGS,
# LIB_FUZZING_ENGINE, SRC and OUT.
cd "$SRC/firstpayload"

# shellcheck disable=SC2154 # set by whoever runs this
cmake -B build/clusterfuzz -G Ninja -DCMAKE_BUILD_TYPE=None -DFIRSTPAYLOAD_FUZZ=ON -DFIRSTPAYLOAD_FUZZ_OPTIONS= \
    -DFIRSTPAYLOAD_FUZZ_ENGINE="$LIB_FUZZING_ENGINE"
mapfile -t targets < <(scripts/fuzz list)
cmake --build build/clusterfuzz --target "${targets[@]/#/fuzz-}"

mkdir -p "$OUT/lib"
for target in "${targets[@]}"; do
    program=$(find build/clusterfuzz -type f -name "fuzz-$target")
    cp "$program" "$OUT/"
    ldd "$program" | awk '$3 ~ /^\// {print $3}' | grep -vE '/(libc|libm|libpthread|libdl|librt)\.so' | xargs -r cp -Lt "$OUT/lib"
    patchelf --set-rpath "\$ORIGIN/lib" "$OUT/fuzz-$target"
    for around in fuzz tests/said; do
        [ ! -d "$around/corpus/$target" ] || (cd "$around/corpus/$target" && zip -q "$OUT/fuzz-${target}_seed_corpus.zip" ./*)
        [ ! -f "$around/dictionaries/$target.dict" ] || cp "$around/dictionaries/$target.dict" "$OUT/fuzz-$target.dict"
    done
done
