# SPDX-License-Identifier: GPL-2.0-or-later
# Makes a file into a string of C: cmake -DINPUT=FILE -DNAME=IDENTIFIER -DOUTPUT=FILE.c -P embed.cmake
file(READ ${INPUT} bytes HEX)
string(REGEX REPLACE "(................................)" "\\1\n" bytes "${bytes}")
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
file(WRITE ${OUTPUT} "#include \"log/report-embedded.h\"\n\nconst char ${NAME}[] = {\n${bytes}0};\n")
