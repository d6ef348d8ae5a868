# SPDX-License-Identifier: GPL-2.0-or-later
# Makes the compiled filter into C: cmake -DINPUT=FILE.o -DOUTPUT=FILE.c -P kernel-filter-object.cmake
file(READ ${INPUT} bytes HEX)
string(REGEX REPLACE "(................................)" "\\1\n" bytes "${bytes}")
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
file(WRITE ${OUTPUT} "#include \"capture/kernel-filter-object.h\"\n\n_Alignas(8) const unsigned char fp_kernel_filter_object[] = {\n${bytes}};\nconst size_t fp_kernel_filter_object_bytes = sizeof fp_kernel_filter_object;\n")
