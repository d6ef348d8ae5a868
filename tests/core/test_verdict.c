/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_verdict.c - the names of classes, transports and sides, to text and back. */
#include <glib.h>
#include <string.h>

#include "verdict.h"

static void test_class_names(void)
{
    g_assert_cmpstr(fp_class_name(FP_CLASS_FIRST), ==, "first");
    g_assert_cmpstr(fp_class_name(FP_CLASS_REPLY), ==, "reply");
    g_assert_cmpstr(fp_class_name(FP_CLASS_FLIGHT), ==, "flight");
    g_assert_cmpstr(fp_class_name(FP_CLASS_HANDSHAKE), ==, "handshake");
    g_assert_null(fp_class_name(0));
    g_assert_cmpstr(fp_class_name(FP_CLASS_OPENING), ==, "opening");
    g_assert_cmpstr(fp_class_name(FP_CLASS_CLOSING), ==, "closing");
    g_assert_null(fp_class_name(64));
    g_assert_null(fp_class_name(FP_CLASS_FIRST | FP_CLASS_REPLY));
}

static void test_every_set_comes_back(void)
{
    char text[FP_CLASSES_TEXT_BYTES];

    for (unsigned classes = 1; classes <= (FP_CLASS_USUAL | FP_CLASS_ASKED); classes++) {
        unsigned back = 0;
        memset(text, 'x', sizeof text);
        size_t length = fp_classes_to_text(classes, text);
        g_assert_cmpuint(length, ==, strlen(text));
        g_assert_cmpuint(length, <, FP_CLASSES_TEXT_BYTES);
        g_assert_true(fp_classes_from_text(text, &back));
        g_assert_cmpuint(back, ==, classes);
    }
}

static void test_order_of_text(void)
{
    char text[FP_CLASSES_TEXT_BYTES];

    fp_classes_to_text(FP_CLASS_USUAL | FP_CLASS_ASKED, text);
    g_assert_cmpstr(text, ==, "first,reply,flight,handshake,opening,closing");
    g_assert_cmpuint(fp_classes_to_text(0, text), ==, 0);
    g_assert_cmpstr(text, ==, "");
}

static void test_any_order_and_repetition_is_read(void)
{
    unsigned classes = 0;

    g_assert_true(fp_classes_from_text("handshake,first", &classes));
    g_assert_cmpuint(classes, ==, FP_CLASS_HANDSHAKE | FP_CLASS_FIRST);
    g_assert_true(fp_classes_from_text("reply,reply", &classes));
    g_assert_cmpuint(classes, ==, FP_CLASS_REPLY);
}

static void test_wrong_text_is_refused(void)
{
    static const char *const wrong[] = {"",     ",",      "first,",      ",first", "first,,reply", "First",
                                        "firs", "firsts", "first reply", " first", "first,x"};

    for (guint i = 0; i < G_N_ELEMENTS(wrong); i++) {
        unsigned classes = 77;
        g_test_message("\"%s\"", wrong[i]);
        g_assert_false(fp_classes_from_text(wrong[i], &classes));
        g_assert_cmpuint(classes, ==, 77);
    }
}

static void test_transports(void)
{
    char text[FP_TRANSPORTS_TEXT_BYTES];

    for (unsigned transports = 1; transports <= (FP_TAKES_TCP | FP_TAKES_UDP | FP_TAKES_QUIC); transports++) {
        unsigned back = 0;
        g_assert_cmpuint(fp_transports_to_text(transports, text), <, FP_TRANSPORTS_TEXT_BYTES);
        g_assert_true(fp_transports_from_text(text, &back));
        g_assert_cmpuint(back, ==, transports);
    }
    g_assert_cmpstr(text, ==, "tcp,udp,quic");
    unsigned transports = 77;
    g_assert_false(fp_transports_from_text("sctp", &transports));
    g_assert_false(fp_transports_from_text("tcp,", &transports));
    g_assert_false(fp_transports_from_text("first", &transports));
    g_assert_cmpuint(transports, ==, 77);
}

static void test_side_names(void)
{
    g_assert_cmpstr(fp_side_name(FP_SIDE_CLIENT), ==, "client");
    g_assert_cmpstr(fp_side_name(FP_SIDE_SERVER), ==, "server");
    g_assert_cmpstr(fp_side_name(FP_SIDE_UNKNOWN), ==, "unknown");
    g_assert_cmpstr(fp_side_name((FpSide)(FP_SIDE_UNKNOWN + 9)), ==, "unknown");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/verdict/class-names", test_class_names);
    g_test_add_func("/verdict/every-set-comes-back", test_every_set_comes_back);
    g_test_add_func("/verdict/order-of-text", test_order_of_text);
    g_test_add_func("/verdict/any-order-and-repetition-is-read", test_any_order_and_repetition_is_read);
    g_test_add_func("/verdict/wrong-text-is-refused", test_wrong_text_is_refused);
    g_test_add_func("/verdict/transports", test_transports);
    g_test_add_func("/verdict/side-names", test_side_names);
    return g_test_run();
}
