/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-http.c - HTTP/1 requests (RFC 9112), HTTP/0.9 (RFC 1945), the HTTP/2 preface (RFC 9113), and what looks like them. */
#include "check.h"

#define REQUEST "GET /page.txt HTTP/1.1\r\nHost: www.example\r\nUser-Agent: test/1 (a b)\r\nAccept: */*\r\n\r\n"
#define FACTS                                                                                                                              \
    "app_proto http\nhttp.method GET\nhttp.url /page.txt\nhttp.protocol HTTP/1.1\nhttp.host www.example\nhttp.hostname www.example\n"      \
    "http.user_agent test/1 (a b)\n"

typedef struct {
    const char *name, *text, *facts;
} Case;

static const Case cases[] = {
    {"get", REQUEST, FACTS},
    {"get-and-body", REQUEST "\0more\r\n", FACTS},
    {"empty-line-first", "\r\n" REQUEST, FACTS},
    {"line-feeds-alone", "GET /page.txt HTTP/1.1\nHost: www.example\nUser-Agent: test/1 (a b)\n\n", FACTS},
    {"second-host", "GET /page.txt HTTP/1.1\r\nhOST:\twww.example \r\nHost: other\r\nUSER-AGENT:test/1 (a b)\r\nUser-Agent: x\r\n\r\n",
     FACTS},
    {"port", "POST / HTTP/1.0\r\nHost: www.example:8080\r\n\r\n",
     "app_proto http\nhttp.method POST\nhttp.url /\nhttp.protocol HTTP/1.0\nhttp.host www.example:8080\nhttp.hostname "
     "www.example\nhttp.port 8080\n"},
    {"ipv6-and-port", "GET / HTTP/1.1\r\nHost: [2001:db8::1]:8080\r\n\r\n",
     "app_proto http\nhttp.method GET\nhttp.url /\nhttp.protocol HTTP/1.1\nhttp.host [2001:db8::1]:8080\nhttp.hostname "
     "[2001:db8::1]\nhttp.port 8080\n"},
    {"ipv6", "GET / HTTP/1.1\r\nHost: [2001:db8::1]\r\n\r\n",
     "app_proto http\nhttp.method GET\nhttp.url /\nhttp.protocol HTTP/1.1\nhttp.host [2001:db8::1]\nhttp.hostname [2001:db8::1]\n"},
    {"ipv6-without-its-last-bracket", "GET / HTTP/1.1\r\nHost: [::1:80\r\n\r\n",
     "app_proto http\nhttp.method GET\nhttp.url /\nhttp.protocol HTTP/1.1\nhttp.host [::1:80\nhttp.hostname [::1:80\n"},
    {"ipv6-without-brackets", "GET / HTTP/1.1\r\nHost: 2001:db8::80\r\n\r\n",
     "app_proto http\nhttp.method GET\nhttp.url /\nhttp.protocol HTTP/1.1\nhttp.host 2001:db8::80\nhttp.hostname 2001:db8::80\n"},
    {"port-too-large", "GET / HTTP/1.1\r\nHost: a:65536\r\n\r\n",
     "app_proto http\nhttp.method GET\nhttp.url /\nhttp.protocol HTTP/1.1\nhttp.host a:65536\nhttp.hostname a:65536\n"},
    {"port-highest", "GET / HTTP/1.1\r\nHost: a:65535\r\n\r\n",
     "app_proto http\nhttp.method GET\nhttp.url /\nhttp.protocol HTTP/1.1\nhttp.host a:65535\nhttp.hostname a\nhttp.port 65535\n"},
    {"port-with-a-digit-too-many", "GET / HTTP/1.1\r\nHost: a:655350\r\n\r\n",
     "app_proto http\nhttp.method GET\nhttp.url /\nhttp.protocol HTTP/1.1\nhttp.host a:655350\nhttp.hostname a:655350\n"},
    {"port-empty", "GET / HTTP/1.1\r\nHost: a:\r\n\r\n",
     "app_proto http\nhttp.method GET\nhttp.url /\nhttp.protocol HTTP/1.1\nhttp.host a:\nhttp.hostname a\n"},
    {"host-empty", "GET / HTTP/1.1\r\nHost:\r\n\r\n",
     "app_proto http\nhttp.method GET\nhttp.url /\nhttp.protocol HTTP/1.1\nhttp.host \nhttp.hostname \n"},
    {"no-host", "GET / HTTP/1.1\r\nHost : a\r\n: b\r\nno colon\r\n\r\n",
     "app_proto http\nhttp.method GET\nhttp.url /\nhttp.protocol HTTP/1.1\n"},
    {"folded", "GET / HTTP/1.1\r\nUser-Agent: a\r\n b\r\nHost: c\r\n\r\n",
     "app_proto http\nhttp.method GET\nhttp.url /\nhttp.protocol HTTP/1.1\nhttp.host c\nhttp.hostname c\nhttp.user_agent a\n"},
    {"connect", "CONNECT www.example:443 HTTP/1.1\r\n\r\n\x16\3\1",
     "app_proto http\nhttp.method CONNECT\nhttp.url www.example:443\nhttp.protocol HTTP/1.1\n"},
    {"space-in-target", "GET /a b HTTP/1.1\r\n\r\n", "app_proto http\nhttp.method GET\nhttp.url /a\nhttp.protocol b HTTP/1.1\n"},
    {"two-spaces", "GET  /x HTTP/1.1\r\n\r\n", "app_proto http\nhttp.method GET\nhttp.url \nhttp.protocol /x HTTP/1.1\n"},
    {"bytes-in-target", "GET /\xff\t\\ HTTP/1.1\r\n\r\n",
     "app_proto http\nhttp.method GET\nhttp.url /\\xff\\x09\\x5c\nhttp.protocol HTTP/1.1\n"},
    {"method-of-webdav", "PROPFIND /x HTTP/1.1\r\n\r\n", "app_proto http\nhttp.method PROPFIND\nhttp.url /x\nhttp.protocol HTTP/1.1\n"},
    {"method-new", "query http://a/ HTTP/1.1\r\n\r\n", "app_proto http\nhttp.method query\nhttp.url http://a/\nhttp.protocol HTTP/1.1\n"},
    {"method-new-and-old-version", "query / HTTP/0.9\r\n\r\n", "app_proto http\nhttp.method query\nhttp.url /\nhttp.protocol HTTP/0.9\n"},
    {"method-new-and-new-version", "query / HTTP/9.0\r\n\r\n", "app_proto http\nhttp.method query\nhttp.url /\nhttp.protocol HTTP/9.0\n"},
    {"method-new-and-no-major-version", "query / HTTP/:.1\r\n\r\n", NULL},
    {"method-new-and-no-minor-version", "query / HTTP/1./\r\n\r\n", NULL},
    {"method-new-and-no-dot", "query / HTTP/1-1\r\n\r\n", NULL},
    {"version-0.9", "GET /old\r\n", "app_proto http\nhttp.method GET\nhttp.url /old\n"},
    {"http2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\x12\4", "app_proto http2\n"},
    {"sip", "OPTIONS sip:a@b SIP/2.0\r\nVia: x\r\n\r\n", NULL},
    {"rtsp", "OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n", NULL},
    {"icap", "OPTIONS icap://a/b ICAP/1.0\r\n\r\n", NULL},
    {"redis", "GET key\r\n", NULL},
    {"irc", "NICK me\r\n", NULL},
    {"answer", "HTTP/1.1 200 OK\r\n\r\n", NULL},
    {"syslog", "<34>1 2026-01-01T00:00:00Z host app - - - text", NULL},
    {"syslog-counted", "44 <34>1 2026-01-01T00:00:00Z host app - - - text", NULL},
    {"sentence", "Hello there", NULL},
    {"method-too-long", "ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFGHIJ / HTTP/1.1\r\n\r\n", NULL},
};

int main(int argc, char **argv)
{
    check_begin(argc, argv);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t n = 0;
        while (cases[i].text[n] != '\0')
            n++;
        check_message(cases[i].name, FP_SAID_BY_CLIENT, cases[i].text, n, cases[i].facts);
    }
    check_cut("head-without-end", FP_SAID_BY_CLIENT, LITERAL("GET /x HTTP/1.1\r\nHost: a\r\nUser-Agent: ha"),
              "app_proto http\ncut true\nhttp.method GET\nhttp.url /x\nhttp.protocol HTTP/1.1\nhttp.host a\nhttp.hostname a\n");
    check_cut("line-without-end", FP_SAID_BY_CLIENT, LITERAL("GET /x HTTP/1.1"), NULL);
    check_message("zero-in-target", FP_SAID_BY_CLIENT, LITERAL("GET /\0 HTTP/1.1\r\n\r\n"),
                  "app_proto http\nhttp.method GET\nhttp.url /\\x00\nhttp.protocol HTTP/1.1\n");
    return check_end();
}
