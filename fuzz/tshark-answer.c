/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tshark-answer.c - any line as an answer of tshark. */
#include "target.h"

#include "tshark/tshark-answer.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    char *fields[] = {(char[]){"http.host"}, (char[]){"tls.handshake.extensions_server_name"}, (char[]){"ip.ttl"}, NULL};
    g_autofree char *line = g_strndup((const char *)bytes, n);
    g_autoptr(GPtrArray) values = fp_field_values_new(fields);
    uint64_t number = 0;
    volatile size_t sum = 0;

    if (fp_tshark_answer_read(line, fields, &number, values) && number != 0)
        (void)fp_tshark_answer_read(line, fields, &number, values); /* a second answer about the frame */
    REQUIRE(values->len == 3);
    for (guint i = 0; i < values->len; i++)
        for (char **value = g_ptr_array_index(values, i); value != NULL && *value != NULL; value++)
            sum += strlen(*value);
    (void)sum;
    return 0;
}
