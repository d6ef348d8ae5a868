/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-ways.c - what clients say on their way to TLS: SOCKS requests, XMPP stream headers, LDAP's StartTLS; and where a ClientHello may
 * follow. */
#include "check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HOST "www.example"
#define STREAM " xmlns:stream='http://etherx.jabber.org/streams'"

static void check_socks4(void)
{
    check_message("socks4", FP_SAID_BY_CLIENT, LITERAL("\4\1\1\xbb\xc0\0\2\1me\0"),
                  "app_proto socks\nsocks.version 4\nsocks.command 1\nsocks.address 192.0.2.1\nsocks.port 443\nsocks.user me\n");
    check_message("socks4-nobody", FP_SAID_BY_ANYBODY, LITERAL("\4\1\1\xbb\xc0\0\2\1\0"),
                  "app_proto socks\nsocks.version 4\nsocks.command 1\nsocks.address 192.0.2.1\nsocks.port 443\nsocks.user \n");
    check_message("socks4a", FP_SAID_BY_CLIENT, LITERAL("\4\1\1\xbb\0\0\0\1\0" HOST "\0"),
                  "app_proto socks\nsocks.version 4\nsocks.command 1\nsocks.host " HOST "\nsocks.port 443\nsocks.user \n");
    check_message("socks4-bind", FP_SAID_BY_CLIENT, LITERAL("\4\2\0\0\xc0\0\2\1\0"),
                  "app_proto socks\nsocks.version 4\nsocks.command 2\nsocks.address 192.0.2.1\nsocks.port 0\nsocks.user \n");
    check_message("socks4-of-a-server", FP_SAID_BY_SERVER, LITERAL("\4\1\1\xbb\xc0\0\2\1me\0"), NULL);
    check_message("socks4-command-3", FP_SAID_BY_CLIENT, LITERAL("\4\3\1\xbb\xc0\0\2\1\0"), NULL);
    check_message("socks4-port-0", FP_SAID_BY_CLIENT, LITERAL("\4\1\0\0\xc0\0\2\1\0"), NULL);
    check_message("socks4-address-0", FP_SAID_BY_CLIENT, LITERAL("\4\1\1\xbb\0\0\0\0\0"), NULL);
    check_message("socks4-user-binary", FP_SAID_BY_CLIENT, LITERAL("\4\1\1\xbb\xc0\0\2\1\1\2\0"), NULL);
    check_message("socks4a-no-host", FP_SAID_BY_CLIENT, LITERAL("\4\1\1\xbb\0\0\0\1me\0\0behind"), NULL);
    check_cut("socks4-without-end", FP_SAID_BY_CLIENT, LITERAL("\4\1\1\xbb\xc0\0\2\1me"), NULL);
}

static void check_socks5(void)
{
    check_cut("socks5-methods", FP_SAID_BY_CLIENT, LITERAL("\5\2\0\2"), "app_proto socks\nsocks.version 5\n");
    check_cut("socks5-one-method", FP_SAID_BY_CLIENT, LITERAL("\5\1\0"), "app_proto socks\nsocks.version 5\n");
    check_message("socks5-request-at-once", FP_SAID_BY_CLIENT, LITERAL("\5\1\0\5\1\0\3\x0b" HOST "\1\xbb"),
                  "app_proto socks\nsocks.version 5\nsocks.command 1\nsocks.host " HOST "\nsocks.port 443\n");
    check_message("socks5-request", FP_SAID_BY_CLIENT, LITERAL("\5\1\0\3\x0b" HOST "\1\xbb"),
                  "app_proto socks\nsocks.version 5\nsocks.command 1\nsocks.host " HOST "\nsocks.port 443\n");
    /* an answer to MySQL's greeting may begin so, too */
    check_cut("socks5-ipv4", FP_SAID_BY_CLIENT, LITERAL("\5\1\0\1\xc0\0\2\1\1\xbb"),
              "app_proto socks\nsocks.version 5\nsocks.command 1\nsocks.address 192.0.2.1\nsocks.port 443\n");
    check_message("socks5-ipv6", FP_SAID_BY_CLIENT, LITERAL("\5\1\0\4\x20\1\xd\xb8\0\0\0\0\0\0\0\0\0\0\0\1\1\xbb"),
                  "app_proto socks\nsocks.version 5\nsocks.command 1\nsocks.address 2001:db8::1\nsocks.port 443\n");
    check_cut("socks5-udp", FP_SAID_BY_CLIENT, LITERAL("\5\3\0\1\0\0\0\0\0\0"),
              "app_proto socks\nsocks.version 5\nsocks.command 3\nsocks.address 0.0.0.0\nsocks.port 0\n");
    check_message("socks5-host-of-a-letter", FP_SAID_BY_CLIENT, LITERAL("\5\1\0\3\1h\1\xbb"),
                  "app_proto socks\nsocks.version 5\nsocks.command 1\nsocks.host h\nsocks.port 443\n");
    check_message("socks5-answer", FP_SAID_BY_SERVER, LITERAL("\5\0\0\1\xc0\0\2\1\1\xbb and so on"), NULL);
    check_message("socks5-no-method", FP_SAID_BY_CLIENT, LITERAL("\5\0\xb\3\x10\0\0\0"), NULL);
    check_message("socks5-odd-method", FP_SAID_BY_CLIENT, LITERAL("\5\2\0\x42 and so on"), NULL);
}

static void check_xmpp(void)
{
    check_message(
        "xmpp", FP_SAID_BY_CLIENT,
        LITERAL("<?xml version='1.0'?><stream:stream to='im.example' from='me@im.example' xmlns='jabber:client'" STREAM " version='1.0'>"),
        "app_proto xmpp\nxmpp.to im.example\nxmpp.from me@im.example\n");
    check_message(
        "xmpp-openssl", FP_SAID_BY_CLIENT,
        LITERAL("<stream:stream xmlns:stream='http://etherx.jabber.org/streams' xmlns='jabber:client' to='im.example' version='1.0'>"),
        "app_proto xmpp\nxmpp.to im.example\n");
    check_message("xmpp-server", FP_SAID_BY_SERVER,
                  LITERAL("<?xml version=\"1.0\" ?>\n<stream:stream id=\"a > b\"" STREAM "\n from = \"im.example\" >"),
                  "app_proto xmpp\nxmpp.from im.example\n");
    check_message("xmpp-no-namespace", FP_SAID_BY_CLIENT, LITERAL("<stream:stream to='im.example'>"), NULL);
    check_message("xmpp-other-tag", FP_SAID_BY_CLIENT, LITERAL("<?xml version='1.0'?><svg" STREAM ">"), NULL);
    check_message("xmpp-no-quotes", FP_SAID_BY_CLIENT, LITERAL("<stream:stream to=im.example" STREAM ">"), NULL);
    check_message("xmpp-no-space", FP_SAID_BY_CLIENT, LITERAL("<stream:stream" STREAM "to='im.example'>"), NULL);
    check_message("xmpp-longer-name", FP_SAID_BY_CLIENT, LITERAL("<stream:streams" STREAM ">"), NULL);
    check_cut("xmpp-without-end", FP_SAID_BY_CLIENT, LITERAL("<stream:stream to='im.example'" STREAM), NULL);
    check_cut("xmpp-value-without-end", FP_SAID_BY_CLIENT, LITERAL("<stream:stream to='im.exam"), NULL);
}

#define STARTTLS "1.3.6.1.4.1.1466.20037"

static void check_ldap(void)
{
    check_message("ldap-starttls", FP_SAID_BY_CLIENT, LITERAL("\x30\x1d\2\1\1\x77\x18\x80\x16" STARTTLS),
                  "app_proto ldap\nldap.message_id 1\nldap.name " STARTTLS "\n");
    check_message("ldap-starttls-long-lengths", FP_SAID_BY_CLIENT, LITERAL("\x30\x84\0\0\0\x21\2\1\1\x77\x84\0\0\0\x18\x80\x16" STARTTLS),
                  "app_proto ldap\nldap.message_id 1\nldap.name " STARTTLS "\n");
    check_message("ldap-whoami", FP_SAID_BY_CLIENT,
                  LITERAL("\x30\x1e\2\1\2\x77\x19\x80\x17"
                          "1.3.6.1.4.1.4203.1.11.3"),
                  "app_proto ldap\nldap.message_id 2\nldap.name 1.3.6.1.4.1.4203.1.11.3\n");
    check_message("ldap-bind", FP_SAID_BY_CLIENT, LITERAL("\x30\x0c\2\1\1\x60\7\2\1\3\4\0\x80\0"), NULL);
    check_message("ldap-of-a-server", FP_SAID_BY_SERVER, LITERAL("\x30\x1d\2\1\1\x77\x18\x80\x16" STARTTLS), NULL);
    check_message("ldap-no-oid", FP_SAID_BY_CLIENT,
                  LITERAL("\x30\x0c\2\1\1\x77\7\x80\5"
                          "hello"),
                  NULL);
    check_message("ldap-name-beyond-message", FP_SAID_BY_CLIENT, LITERAL("\x30\x1d\2\1\1\x77\x18\x80\x40" STARTTLS), NULL);
    check_message("ldap-indefinite", FP_SAID_BY_CLIENT, LITERAL("\x30\x80\2\1\1\x77\x18\x80\x16" STARTTLS), NULL);
    check_cut("ldap-without-end", FP_SAID_BY_CLIENT,
              LITERAL("\x30\x1d\2\1\1\x77\x18\x80\x16"
                      "1.3.6"),
              NULL);
}

/* Behind how many bytes of a message a hello may follow. */
static void check_tls_at(const char *name, FpSaidSpeaker speaker, const void *bytes, size_t n, size_t expected)
{
    const FpSaidMessage message = {.bytes = bytes, .n = n, .speaker = speaker, .is_over = true};
    FpSaidFacts facts;

    if (fp_said_recognise(check_said(), &message, &facts) != FP_SAID_ENOUGH || facts.tls_at != expected) {
        fprintf(stderr, "%s: a hello at %zu, not at %zu\n", name, facts.tls_at, expected);
        exit(EXIT_FAILURE);
    }
}

static void check_places(void)
{
    static const char ssl_request[] = "\0\0\0\x8\x4\xd2\x16\x2f\x16\3\1";
    static const char mysql[] = "\x20\0\0\1\0\xaa\x0a\0\0\0\0\1\x21\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x16";

    check_tls_at("postgres", FP_SAID_BY_CLIENT, LITERAL(ssl_request), 8);
    check_tls_at("postgres-behind-proxy", FP_SAID_BY_CLIENT, LITERAL("PROXY UNKNOWN\r\n\0\0\0\x8\x4\xd2\x16\x2f"), 23);
    check_tls_at("postgres-gssenc", FP_SAID_BY_CLIENT, LITERAL("\0\0\0\x8\x4\xd2\x16\x30"), 0);
    check_tls_at("mysql", FP_SAID_BY_CLIENT, LITERAL(mysql), 36);
    check_tls_at("proxy", FP_SAID_BY_CLIENT, LITERAL("PROXY UNKNOWN\r\n"), 15);
    check_tls_at("connect", FP_SAID_BY_CLIENT, LITERAL("CONNECT a:443 HTTP/1.1\r\n\r\n\x16"), 26);
    check_tls_at("get", FP_SAID_BY_CLIENT, LITERAL("GET / HTTP/1.1\r\n\r\n\x16"), 0);
    check_tls_at("socks4", FP_SAID_BY_CLIENT, LITERAL("\4\1\1\xbb\xc0\0\2\1me\0\x16"), 11);
    check_tls_at("socks5", FP_SAID_BY_CLIENT, LITERAL("\5\1\0\5\1\0\1\xc0\0\2\1\1\xbb\x16"), 13);
    check_tls_at("socks4-bind", FP_SAID_BY_CLIENT, LITERAL("\4\2\1\xbb\xc0\0\2\1me\0\x16"), 0); /* a hello comes from whoever connects */
    check_tls_at("socks5-bind", FP_SAID_BY_CLIENT, LITERAL("\5\1\0\5\2\0\1\xc0\0\2\1\1\xbb\x16"), 0);
    check_tls_at("socks5-udp", FP_SAID_BY_CLIENT, LITERAL("\5\1\0\5\3\0\1\xc0\0\2\1\1\xbb\x16"), 0);
    check_tls_at("ldap", FP_SAID_BY_CLIENT, LITERAL("\x30\x1d\2\1\1\x77\x18\x80\x16" STARTTLS "\x16"), 31);
}

/* Whose beginning is SOCKS' when nothing follows. */
static void check_others(void)
{
    static const FpSaidMessage others[] = {{.bytes = (const uint8_t *)"\5\1\0hello, it is me", .n = 19},
                                           {.bytes = (const uint8_t *)"\5\1\0\3\3\1\2\3\1\xbb and so on", .n = 20},
                                           {.bytes = (const uint8_t *)"\5\1\0\3\0\1\xbb and so on", .n = 17}};
    FpSaidFacts facts;

    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (fp_said_recognise(check_said(), &others[i], &facts) != FP_SAID_UNKNOWN) {
            fprintf(stderr, "the other message %zu is known\n", i);
            exit(EXIT_FAILURE);
        }
}

int main(int argc, char **argv)
{
    check_begin(argc, argv);
    check_socks4();
    check_socks5();
    check_xmpp();
    check_ldap();
    check_places();
    check_others();
    return check_end();
}
