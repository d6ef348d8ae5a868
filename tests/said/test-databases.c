/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-databases.c - MySQL's greeting and answers, PostgreSQL's startup. */
#include "check.h"

#include <string.h>

static Bytes message;

/* Capabilities with the least significant byte first, and what follows the fixed part. */
static void check_response(const char *name, const char *capabilities, const char *rest, size_t rest_bytes, const char *facts)
{
    bytes_clear(&message);
    bytes_number(&message, 32 + rest_bytes, 1);
    bytes_hexadecimal(&message, "000001");
    bytes_hexadecimal(&message, capabilities);
    bytes_hexadecimal(&message, "0000000121"
                                "00000000000000000000000000000000000000"
                                "00000000");
    bytes_add(&message, rest, rest_bytes);
    check_message(name, FP_SAID_BY_CLIENT, message.bytes, message.n, facts);
}

static void check_mysql(void)
{
    static const char greeting[] =
        "\x4a\0\0\0\n8.0.36\0\1\0\0\0abcdefgh\0\xff\xff\x21\2\0\xff\xdf\x15\0\0\0\0\0\0\0\0\0\0ijklmnopqrst\0caching_sha2_password";

    check_message("mysql-greeting", FP_SAID_BY_SERVER, greeting, 4 + 0x4a, "app_proto mysql\nmysql.version 8.0.36\n");
    check_message("mysql-greeting-of-a-client", FP_SAID_BY_CLIENT, greeting, 4 + 0x4a, NULL);
    check_message("mysql-version-9", FP_SAID_BY_SERVER, LITERAL("\x20\0\0\0\t5.0.1\0"), NULL);
    check_message("mysql-version-not-printable", FP_SAID_BY_SERVER,
                  LITERAL("\x20\0\0\0\n8.0\x1f\0\1\0\0\0abcdefgh\0\xff\xff\0\0\0\0\0\0\0\0\0\0\0"), NULL);
    check_message("mysql-version-beyond-ascii", FP_SAID_BY_SERVER,
                  LITERAL("\x20\0\0\0\n8.0\x7f\0\1\0\0\0abcdefgh\0\xff\xff\0\0\0\0\0\0\0\0\0\0\0"), NULL);
    check_response("mysql-before-4.1", "fffdffff", LITERAL("me\0\3abcdb\0"), NULL);
    check_response("mysql-ssl", "00aa0a00", LITERAL(""), "app_proto mysql\nmysql.ssl true\n");
    check_response("mysql-no-ssl", "00a20a00", LITERAL(""), NULL);
    check_response("mysql-user", "08a20a00", LITERAL("me\0\3abcdb\0mysql_native_password\0"),
                   "app_proto mysql\nmysql.user me\nmysql.database db\n");
    check_response("mysql-long-answer", "08a22a00", LITERAL("me\0\xfc\2\0abdb\0"), "app_proto mysql\nmysql.user me\nmysql.database db\n");
    check_response("mysql-old-answer", "00020000", LITERAL("me\0scramble\0"), "app_proto mysql\nmysql.user me\n");
    check_response("mysql-answer-beyond-packet", "08a20a00",
                   LITERAL("me\0\xc8"
                           "ab"),
                   "app_proto mysql\ncut true\nmysql.user me\n");
    check_response("mysql-user-without-end", "08a20a00", LITERAL("me"), NULL);
    check_response("mysql-user-and-no-more", "08a20a00", LITERAL("me\0\3abcdb\0"), "app_proto mysql\nmysql.user me\nmysql.database db\n");
    message.bytes[4 + 4 + 5 + 18] = 1; /* of the filler, which is zero */
    check_message("mysql-filler", FP_SAID_BY_CLIENT, message.bytes, message.n, NULL);
}

static void check_startup(const char *name, const char *parameters, size_t n, const char *facts)
{
    bytes_clear(&message);
    size_t length = bytes_open(&message, 4);
    bytes_number(&message, 0x30000, 4);
    bytes_add(&message, parameters, n);
    bytes_close(&message, length, 4);
    bytes_number(&message, message.n, 4); /* the length includes itself */
    memmove(message.bytes, message.bytes + message.n - 4, 4);
    message.n -= 4;
    check_message(name, FP_SAID_BY_CLIENT, message.bytes, message.n, facts);
}

static void check_postgres(void)
{
    check_message("postgres-ssl", FP_SAID_BY_CLIENT, LITERAL("\0\0\0\x8\x4\xd2\x16\x2f"), "app_proto pgsql\npgsql.request ssl\n");
    check_message("postgres-gssenc", FP_SAID_BY_CLIENT, LITERAL("\0\0\0\x8\x4\xd2\x16\x30"), "app_proto pgsql\npgsql.request gssenc\n");
    check_message("postgres-cancel", FP_SAID_BY_CLIENT,
                  LITERAL("\0\0\0\x10\x4\xd2\x16\x2e"
                          "abcdefgh"),
                  "app_proto pgsql\npgsql.request cancel\n");
    check_startup("postgres-startup", LITERAL("user\0me\0database\0db\0application_name\0psql\0\0"),
                  "app_proto pgsql\npgsql.request startup\npgsql.user me\npgsql.database db\npgsql.application psql\n");
    check_startup("postgres-no-parameters", LITERAL("\0"), "app_proto pgsql\npgsql.request startup\n");
    check_startup("postgres-without-end", LITERAL("user\0me\0"), NULL);
    check_startup("postgres-no-value", LITERAL("user\0me"), NULL);
    check_message("postgres-other-code", FP_SAID_BY_CLIENT, LITERAL("\0\0\0\x8\x4\xd2\x16\x31\0"), NULL);
}

int main(int argc, char **argv)
{
    check_begin(argc, argv);
    check_mysql();
    check_postgres();
    return check_end();
}
