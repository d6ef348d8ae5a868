# SPDX-License-Identifier: GPL-2.0-or-later
# costs.cmake - included at the end of a folder's CMakeLists.txt: in which order ctest begins tests that have not run in this build. What keeps several
# processors busy comes first, as as many places are free at the beginning, or when such a test ends; then what takes long, so that it does not end alone.
# The seconds were measured in a release build; only their order counts. What takes less than ten is not here.
set(costs
    faults-errors 343 faults-kill 246 release 225 agree-fields 30 postproc-fields 180 documents-commands 109 agree-said 10 faults-undecided 92
    postproc-files 79 agree-slim 76 agree-scenarios 70 agree-shared 70 faults-power-cuts 68 agree-log 60 postproc-hostile-work 52 postproc-watch 52
    postproc-log 51 faults-claims 51 faults-watcher 49 cut-readers 48 faults-backlog 45 comparison 42 shipping 42 agree-more 40 agree-random 36 postproc-live 35
    plugin-alone 34 recipe-kernel-first-cut 32 plugin-passes 31 plugin-captures 30 postproc-asking 30 said-captures 30 plugin-classes 29
    postproc-rotation 29 postproc-watch-ahead 28 postproc-rights 27 plugin-profile 23 lossy 21 plugin-unchanged 20 postproc-hellos 20 postproc-threads 17 postproc-show 17
    rings-modes 17 rings-follow 17 postproc-said-work 16 plugin-datagrams 15 postproc-terminal 15 archive 15 postproc-said-page 15 faults-attempts 15
    postproc-stats 15 rings-arrival 15 plugin-live 15 said-changed-recognise 14 postproc-memory 14 plugin-summary 13 plugin-fields 13
    faults-checkpoints 13 postproc-slim 13 plugin-of_stream 12 gui-wireshark 12 rings-kill 12 agree-report 10 agree-captures 10)

get_property(names DIRECTORY PROPERTY TESTS)
foreach(name IN LISTS names)
    get_test_property(${name} PROCESSORS processors)
    list(FIND costs ${name} at)
    set(cost 0)
    if(at GREATER -1)
        math(EXPR at "${at} + 1")
        list(GET costs ${at} cost)
    endif()
    if(processors GREATER 1)
        math(EXPR cost "${cost} + 1000")
    endif()
    if(cost GREATER 0)
        set_tests_properties(${name} PROPERTIES COST ${cost})
    endif()
endforeach()
