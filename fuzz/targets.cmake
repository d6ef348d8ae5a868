# SPDX-License-Identifier: GPL-2.0-or-later
# add_fuzz_target(NAME TEST CORPUS SOURCES ... LIBRARIES ... [DEFINITIONS ...])
#
# Builds a target (target.h) twice: as replay-NAME, which the test TEST has take the files of its CORPUS once, and as fuzz-NAME with the
# fuzzer, if FIRSTPAYLOAD_FUZZ is set.
function(add_fuzz_target name test corpus)
    cmake_parse_arguments(PARSE_ARGV 3 target "" "" "SOURCES;LIBRARIES;DEFINITIONS")
    foreach(kind replay fuzz)
        if(kind STREQUAL "fuzz" AND NOT FIRSTPAYLOAD_FUZZ)
            continue()
        endif()
        add_executable(${kind}-${name} ${target_SOURCES})
        target_include_directories(${kind}-${name} PRIVATE ${PROJECT_SOURCE_DIR}/fuzz)
        target_compile_definitions(${kind}-${name} PRIVATE ${target_DEFINITIONS})
        target_link_libraries(${kind}-${name} PRIVATE ${target_LIBRARIES} fp_options)
    endforeach()
    target_sources(replay-${name} PRIVATE ${PROJECT_SOURCE_DIR}/fuzz/replay.c)
    if(FIRSTPAYLOAD_FUZZ)
        target_link_options(fuzz-${name} PRIVATE ${FIRSTPAYLOAD_FUZZ_ENGINE})
    endif()
    add_test(NAME ${test} COMMAND replay-${name} ${corpus})
endfunction()
