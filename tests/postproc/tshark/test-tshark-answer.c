/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-tshark-answer.c - lines as tshark -T ek prints them, and other lines, which a program with that name may print. */
#include <glib.h>
#include <string.h>

#include "tshark/tshark-answer.h"

static char *fields[] = {(char[]){"http.host"}, (char[]){"a.b_c"}, NULL};

/* Returns "number|values of the first|of the second", with slashes between values; NULL if the line is not about a frame. */
static char *read_line(const char *line)
{
    g_autoptr(GPtrArray) values = fp_field_values_new(fields);
    uint64_t number;

    if (!fp_tshark_answer_read(line, fields, &number, values))
        return NULL;
    GString *text = g_string_new(NULL);
    g_string_append_printf(text, "%" G_GUINT64_FORMAT, number);
    for (guint i = 0; i < values->len; i++) {
        g_autofree char *joined = g_ptr_array_index(values, i) == NULL ? g_strdup("-") : g_strjoinv("/", g_ptr_array_index(values, i));
        g_string_append_printf(text, "|%s", joined);
    }
    return g_string_free(text, FALSE);
}

#define LINE(layers) "{\"timestamp\":\"0\",\"layers\":{" layers "}}"

static void test_lines(void)
{
    const struct {
        const char *line;
        const char *wanted;
    } cases[] = {
        {LINE("\"frame_number\":[\"7\"],\"http_host\":[\"h\"]"), "7|h|-"},
        {LINE("\"frame_number\":[\"7\"],\"http_host\":[\"h\",\"i\"],\"a_b_c\":[\"\"]"), "7|h/i|"},
        {LINE("\"frame.number\":\"7\",\"http.host\":\"h\",\"a.b_c\":[\"x\"]"), "7|h|x"},
        {LINE("\"frame_number\":[\"7\"],\"http_host\":[],\"other\":[\"x\"]"), "7|-|-"},
        {LINE("\"frame_number\":[\"7\"],\"http_host\":[\"h\"],\"http_host\":[\"again\"]"), "7|h|-"},
        {LINE("\"frame_number\":[\"7\"],\"http_host\":[\"\\\"\\\\\\/\\n\\t\\u00e4\\u20ac\\ud83d\\ude00\"]"),
         "7|\"\\/\n\t\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80|-"},
        {LINE("\"frame_number\":[\"7\"],\"http_host\":[\"a\\u0000b\\ud83dc\\ude00\"]"), "7|a\xef\xbf\xbd"
                                                                                        "b\xef\xbf\xbd"
                                                                                        "c\xef\xbf\xbd|-"},
        {LINE("\"http_host\":[\"}},\\\"frame_number\\\":[\\\"8\\\"]\"],\"frame_number\":[\"7\"]"), "7|}},\"frame_number\":[\"8\"]|-"},
        {"{\"index\":{\"_index\":\"packets-1970-01-01\",\"_type\":\"doc\"}}", NULL},
        {"", NULL},
        {"7", NULL},
        {"{\"timestamp\":\"0\"}", NULL},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *found = read_line(cases[i].line);
        g_assert_cmpstr(found, ==, cases[i].wanted);
    }
}

/* Wherever a line breaks off, it is invalid or not about a frame: half a value never becomes an answer. */
static void test_cut_lines(void)
{
    const char whole[] = LINE("\"frame_number\":[\"7\"],\"http_host\":[\"h\\u00e4\\n\",\"i\"],\"a_b_c\":\"x\"");

    for (size_t n = 0; n + 2 < sizeof whole; n++) { /* nothing depends on the last bracket */
        g_autofree char *cut = g_strndup(whole, n);
        g_autofree char *found = read_line(cut);
        g_assert_true(found == NULL || g_str_has_prefix(found, "0|"));
    }
}

/* Nor does anything worse happen if a byte is another one. */
static void test_damaged_lines(void)
{
    const char whole[] = LINE("\"frame_number\":[\"7\"],\"http_host\":[\"h\\u00e4\\ud83d\\ude00\",\"i\"],\"a_b_c\":\"x\"");

    for (size_t n = 0; n + 1 < sizeof whole; n++)
        for (int byte = 1; byte < 256; byte++) {
            g_autofree char *damaged = g_strdup(whole);
            damaged[n] = (char)byte;
            g_autofree char *found = read_line(damaged);
            (void)found;
        }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/tshark-answer/lines", test_lines);
    g_test_add_func("/tshark-answer/cut", test_cut_lines);
    g_test_add_func("/tshark-answer/damaged", test_damaged_lines);
    return g_test_run();
}
