/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-ssh.c - identification lines of clients and servers (RFC 4253 4.2). */
#include "check.h"

int main(int argc, char **argv)
{
    check_begin(argc, argv);
    check_message(
        "debian", FP_SAID_BY_SERVER, LITERAL("SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n\0\0\1"),
        "app_proto ssh\nssh.banner SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\nssh.proto_version 2.0\nssh.software_version OpenSSH_9.2p1\n"
        "ssh.comments Debian-2+deb12u3\n");
    check_message("client", FP_SAID_BY_CLIENT, LITERAL("SSH-2.0-libssh2_1.11.0\n"),
                  "app_proto ssh\nssh.banner SSH-2.0-libssh2_1.11.0\nssh.proto_version 2.0\nssh.software_version libssh2_1.11.0\n");
    check_message("dashes", FP_SAID_BY_ANYBODY, LITERAL("SSH-1.99-a-b-c  d\r\n"),
                  "app_proto ssh\nssh.banner SSH-1.99-a-b-c  d\nssh.proto_version 1.99\nssh.software_version a-b-c\nssh.comments  d\n");
    check_message("lines-before", FP_SAID_BY_SERVER, LITERAL("Welcome.\r\n\r\nSSH is spoken here\r\nSSH-2.0-x\r\n"),
                  "app_proto ssh\nssh.banner SSH-2.0-x\nssh.proto_version 2.0\nssh.software_version x\n");
    check_message("lines-before-of-a-client", FP_SAID_BY_CLIENT, LITERAL("Welcome.\r\nSSH-2.0-x\r\n"), NULL);
    check_message("behind-an-answer-of-http", FP_SAID_BY_SERVER, LITERAL("HTTP/1.1 200 OK\r\n\r\nSSH-2.0-x\r\n"), NULL);
    check_message("no-version", FP_SAID_BY_SERVER, LITERAL("SSH--x\r\n"), NULL);
    check_message("version-too-long", FP_SAID_BY_SERVER, LITERAL("SSH-12345678901234567-x\r\n"), NULL);
    check_message("binary", FP_SAID_BY_SERVER, LITERAL("Wel\1come\r\nSSH-2.0-x\r\n"), NULL);
    check_cut("without-end", FP_SAID_BY_SERVER, LITERAL("SSH-2.0-OpenSSH_9"), "app_proto ssh\ncut true\nssh.proto_version 2.0\n");
    check_cut("comments-without-end", FP_SAID_BY_SERVER, LITERAL("SSH-2.0-x Deb"),
              "app_proto ssh\ncut true\nssh.proto_version 2.0\nssh.software_version x\n");
    return check_end();
}
