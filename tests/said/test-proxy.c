/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-proxy.c - the PROXY protocol in front of what a client says (haproxy.org, proxy-protocol.txt 2.1, 2.2). */
#include "check.h"
#include "hello.h"

#define GET "GET / HTTP/1.1\r\n\r\n"
#define GET_FACTS "http.method GET\nhttp.url /\nhttp.protocol HTTP/1.1\n"
#define V2 "\r\n\r\n\0\r\nQUIT\n"

static void check_before_tls(void)
{
    static Bytes message;
    Hello hello = {.version = 0x303, .ciphers = "1301", .extensions = "0000", .server_name = "a.example"};

    bytes_text(&message, "PROXY TCP4 192.0.2.1 198.51.100.2 1000 443\r\n");
    hello_add_records(&message, &hello, 20);
    check_message("v1-tls", FP_SAID_BY_CLIENT, message.bytes, message.n,
                  "app_proto tls\nproxy.version 1\nproxy.source 192.0.2.1 1000\nproxy.destination 198.51.100.2 443\n"
                  "tls.version 0303\ntls.sni a.example\ntls.ja3.hash 1e7c622032b0cb79401b0f7be3793a1a\ntls.ja3.string 771,4865,0,,\n"
                  "tls.ja4 t12d010100_0f2cb44170f4_000000000000\n");
}

int main(int argc, char **argv)
{
    check_begin(argc, argv);
    check_before_tls();
    check_message("v1-http", FP_SAID_BY_CLIENT, LITERAL("PROXY TCP6 2001:db8::1 2001:db8::2 65535 80\r\n" GET),
                  "app_proto http\nproxy.version 1\nproxy.source 2001:db8::1 65535\nproxy.destination 2001:db8::2 80\n" GET_FACTS);
    check_message("v1-unknown", FP_SAID_BY_CLIENT, LITERAL("PROXY UNKNOWN ffff:f... 65535 65535\r\n" GET),
                  "app_proto http\nproxy.version 1\n" GET_FACTS);
    check_message("v2-http", FP_SAID_BY_CLIENT, LITERAL(V2 "\x21\x11\0\x0f\xc0\0\2\1\xc6\x33\x64\2\3\xe8\0\x50\4\0\0" GET),
                  "app_proto http\nproxy.version 2\nproxy.source 192.0.2.1 1000\nproxy.destination 198.51.100.2 80\n" GET_FACTS);
    check_message("v2-local", FP_SAID_BY_CLIENT, LITERAL(V2 "\x20\0\0\0" GET), "app_proto http\nproxy.version 2\n" GET_FACTS);
    check_message("v2-unix", FP_SAID_BY_CLIENT, LITERAL(V2 "\x21\x31\0\4abcd" GET), "app_proto http\nproxy.version 2\n" GET_FACTS);
    check_message("v2-short-addresses", FP_SAID_BY_CLIENT, LITERAL(V2 "\x21\x21\0\4abcd" GET),
                  "app_proto http\nproxy.version 2\n" GET_FACTS);
    check_message("v2-unknown-behind", FP_SAID_BY_CLIENT, LITERAL(V2 "\x20\0\0\0{\"a\": 1}"), "app_proto proxy\nproxy.version 2\n");
    check_message("v2-of-another-version", FP_SAID_BY_CLIENT, LITERAL(V2 "\x31\x11\0\0"), NULL);
    check_message("second-header", FP_SAID_BY_CLIENT, LITERAL("PROXY UNKNOWN\r\nPROXY UNKNOWN\r\n"), "app_proto proxy\nproxy.version 1\n");
    check_message("no-address", FP_SAID_BY_CLIENT, LITERAL("PROXY TCP4 192.0.2.1 here 1 2\r\n" GET), NULL);
    check_message("port-too-large", FP_SAID_BY_CLIENT, LITERAL("PROXY TCP4 192.0.2.1 192.0.2.2 1 65536\r\n" GET), NULL);
    check_message("line-feed-alone", FP_SAID_BY_CLIENT, LITERAL("PROXY UNKNOWN\n" GET), NULL);
    check_cut("header-alone", FP_SAID_BY_CLIENT, LITERAL("PROXY UNKNOWN\r\n"), "app_proto proxy\nproxy.version 1\n");
    return check_end();
}
