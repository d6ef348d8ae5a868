/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-greetings.c - what servers of SMTP, FTP, POP3 and IMAP say first. */
#include "check.h"

/* A name with a letter or a digit around it is another name; with anything else it is the same. */
static void check_around(void)
{
    static const char others[] = "azAZ09", signs[] = "@[`{/:";
    char line[] = "220 mx ?SMTP?\r\n";

    for (size_t i = 0; i < sizeof others - 1; i++) {
        line[7] = '(';
        line[12] = others[i];
        check_cut("smtp-and-more", FP_SAID_BY_SERVER, line, sizeof line - 1, NULL);
        line[7] = others[i];
        line[12] = ')';
        check_cut("more-and-smtp", FP_SAID_BY_SERVER, line, sizeof line - 1, NULL);
    }
    for (size_t i = 0; i < sizeof signs - 1; i++) {
        char expected[] = "app_proto smtp\ngreeting mx ?SMTP?\n";
        expected[27] = expected[32] = line[7] = line[12] = signs[i];
        check_message("smtp-and-signs", FP_SAID_BY_SERVER, line, sizeof line - 1, expected);
    }
}

int main(int argc, char **argv)
{
    check_begin(argc, argv);
    check_message("smtp", FP_SAID_BY_SERVER, LITERAL("220 mx.example ESMTP Postfix\r\n"),
                  "app_proto smtp\ngreeting mx.example ESMTP Postfix\n");
    check_message("smtp-many-lines", FP_SAID_BY_ANYBODY, LITERAL("220-mx.example\r\n220-no FTP\r\n220 SMTP ready\r\n"),
                  "app_proto smtp\ngreeting mx.example\n");
    check_message("smtp-of-a-host-named-ftp", FP_SAID_BY_SERVER, LITERAL("220 ftp.example ESMTP\n"),
                  "app_proto smtp\ngreeting ftp.example ESMTP\n");
    check_message("ftp", FP_SAID_BY_SERVER, LITERAL("220 (vsFTPd 3.0.3)\r\n"), "app_proto ftp\ngreeting (vsFTPd 3.0.3)\n");
    check_message("ftp-many-lines", FP_SAID_BY_SERVER,
                  LITERAL("220---------- Welcome to Pure-FTPd [privsep] [TLS] ----------\r\nlocal time\r\n220 end\r\n"),
                  "app_proto ftp\ngreeting --------- Welcome to Pure-FTPd [privsep] [TLS] ----------\n");
    check_cut("which", FP_SAID_BY_SERVER, LITERAL("220 smtp.example or ftp.example ready\r\n"), NULL);
    check_cut("bare-220", FP_SAID_BY_SERVER, LITERAL("220\r\n"), NULL);
    check_message("client-says-220", FP_SAID_BY_CLIENT, LITERAL("220 mx.example ESMTP\r\n"), NULL);
    check_message("code-of-four", FP_SAID_BY_SERVER, LITERAL("2200 SMTP\1"), NULL);
    check_message("pop3", FP_SAID_BY_SERVER, LITERAL("+OK Dovecot ready. <1.2@a>\r\n"),
                  "app_proto pop3\ngreeting Dovecot ready. <1.2@a>\n");
    check_message("redis-answer", FP_SAID_BY_SERVER, LITERAL("+OK\r\n\0"), NULL);
    check_message("ok-of-anybody", FP_SAID_BY_ANYBODY, LITERAL("+OK ready\r\n"), NULL);
    check_message("imap", FP_SAID_BY_SERVER, LITERAL("* OK [CAPABILITY IMAP4rev1] ready\r\n"),
                  "app_proto imap\ngreeting OK [CAPABILITY IMAP4rev1] ready\n");
    check_message("imap-preauth", FP_SAID_BY_SERVER, LITERAL("* PREAUTH hello\r\n"), "app_proto imap\ngreeting PREAUTH hello\n");
    check_message("imap-bye", FP_SAID_BY_ANYBODY, LITERAL("* BYE later\r\n"), "app_proto imap\ngreeting BYE later\n");
    check_message("imap-client", FP_SAID_BY_CLIENT, LITERAL("* OK a\r\n"), NULL);
    check_cut("smtp-without-end", FP_SAID_BY_SERVER, LITERAL("220-mx ESMTP\r\n220"), "app_proto smtp\ncut true\ngreeting mx ESMTP\n");
    check_cut("ftp-without-end", FP_SAID_BY_SERVER, LITERAL("220-FTP\r\n220"), NULL);
    check_around();
    return check_end();
}
