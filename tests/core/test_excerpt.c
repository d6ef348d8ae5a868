/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_excerpt.c - what people see of a payload: a line of text, or bytes. */
#include <glib.h>
#include <string.h>

#include "excerpt.h"

#define LINE_BYTES(payload) fp_excerpt_line_bytes((const uint8_t *)(payload), sizeof(payload) - 1)

static void test_lines(void)
{
    g_assert_cmpuint(LINE_BYTES("GET / HTTP/1.1\r\nHost: a\r\n"), ==, 14);
    g_assert_cmpuint(LINE_BYTES("no line end"), ==, 11);
    g_assert_cmpuint(LINE_BYTES("a\nb"), ==, 1);
    g_assert_cmpuint(LINE_BYTES("four\x01\x02"), ==, 6);
}

static void test_no_text(void)
{
    g_assert_cmpuint(LINE_BYTES(""), ==, 0);
    g_assert_cmpuint(LINE_BYTES("\r\ntext behind it"), ==, 0);
    g_assert_cmpuint(LINE_BYTES("abc\x01"), ==, 0);
    g_assert_cmpuint(LINE_BYTES("\x16\x03\x01 and text"), ==, 0);
    g_assert_cmpuint(LINE_BYTES("tab\there"), ==, 0);
    g_assert_cmpuint(LINE_BYTES("\xc3\xa4\xc3\xb6"), ==, 0);
}

static void test_text(void)
{
    char text[8];

    memset(text, 'x', sizeof text);
    fp_excerpt_text((const uint8_t *)"a\x1b\x7f~\xff b", 7, text);
    g_assert_cmpstr(text, ==, "a..~. b");
    fp_excerpt_text((const uint8_t *)"", 0, text);
    g_assert_cmpstr(text, ==, "");
}

static void test_hex(void)
{
    static const uint8_t payload[] = {0xde, 0xad, 0xbe, 0xef, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
    char text[FP_EXCERPT_HEX_ROOM];

    memset(text, 'x', sizeof text);
    fp_excerpt_hex(payload, sizeof payload, text);
    g_assert_cmpstr(text, ==, "de ad be ef 00 01 02 03 04 05 06 07 08 09 0a 0b");
    g_assert_cmpuint(strlen(text) + 1, ==, sizeof text);
    fp_excerpt_hex(payload, 1, text);
    g_assert_cmpstr(text, ==, "de");
    fp_excerpt_hex(payload, 0, text);
    g_assert_cmpstr(text, ==, "");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/excerpt/lines", test_lines);
    g_test_add_func("/excerpt/no-text", test_no_text);
    g_test_add_func("/excerpt/text", test_text);
    g_test_add_func("/excerpt/hex", test_hex);
    return g_test_run();
}
