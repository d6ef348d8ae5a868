/* SPDX-License-Identifier: GPL-2.0-or-later */
/* print-answer.c - see print-answer.h. */
#include "print-answer.h"

#include <stdio.h>
#include <stdlib.h>

static void print_text(FILE *file, const char *name, FpSaidText text)
{
    if (text.bytes != NULL)
        fprintf(file, " %s=%.*s", name, (int)text.n, (const char *)text.bytes);
}

char *answer_text(FpSaidResult result, const FpSaidAnswer *answer)
{
    char *text = NULL;
    size_t n;
    FILE *file = open_memstream(&text, &n);

    fputs(result == FP_SAID_ENOUGH ? fp_said_name(answer->protocol) : result == FP_SAID_MORE ? "more" : "unknown", file);
    if (answer->is_cut)
        fputs(" cut", file);
    if (answer->protocol == FP_SAID_TLS) {
        fprintf(file, " %04x %04x", answer->tls.version, answer->tls.cipher);
        print_text(file, "alpn", answer->tls.alpn);
        fputs(answer->tls.is_retry ? " retry" : "", file);
    } else if (answer->protocol == FP_SAID_HTTP) {
        print_text(file, "protocol", answer->http.protocol);
        fprintf(file, " %u", answer->http.status);
    } else if (answer->protocol == FP_SAID_SSH) {
        print_text(file, "software", answer->ssh.software_version);
    }
    fclose(file);
    return text;
}
