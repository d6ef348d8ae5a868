/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-binary.c - MQTT CONNECT, RDP connection requests, SMB, and DNS over TCP. */
#include "check.h"

#include <stdio.h>
#include <string.h>

static void check_mqtt(void)
{
    check_message("mqtt-3.1.1", FP_SAID_BY_CLIENT, LITERAL("\x10\x10\0\4MQTT\4\2\0\x3c\0\4me-1"),
                  "app_proto mqtt\nmqtt.protocol MQTT\nmqtt.version 4\nmqtt.client_id me-1\n");
    check_message("mqtt-3.1-user", FP_SAID_BY_CLIENT, LITERAL("\x10\x18\0\6MQIsdp\3\x82\0\x3c\0\4me-1\0\4user"),
                  "app_proto mqtt\nmqtt.protocol MQIsdp\nmqtt.version 3\nmqtt.client_id me-1\nmqtt.user user\n");
    check_message("mqtt-5-will", FP_SAID_BY_CLIENT, LITERAL("\x10\x21\0\4MQTT\5\x86\0\x3c\5\x11\0\0\0\x0a\0\1m\0\0\2t/\0\1p\0\4user"),
                  "app_proto mqtt\nmqtt.protocol MQTT\nmqtt.version 5\nmqtt.client_id m\nmqtt.user user\n");
    check_message("mqtt-client-id-beyond-packet", FP_SAID_BY_CLIENT, LITERAL("\x10\x10\0\4MQTT\4\2\0\x3c\1\4me-1"),
                  "app_proto mqtt\ncut true\nmqtt.protocol MQTT\nmqtt.version 4\n");
    check_message("mqtt-level-6", FP_SAID_BY_CLIENT, LITERAL("\x10\x10\0\4MQTT\6\2\0\x3c\0\4me-1"), NULL);
    check_message("mqtt-reserved-flag", FP_SAID_BY_CLIENT, LITERAL("\x10\x10\0\4MQTT\4\3\0\x3c\0\4me-1"), NULL);
    check_message("mqtt-length-of-five", FP_SAID_BY_CLIENT, LITERAL("\x10\xff\xff\xff\xff\1\0\4MQTT\4\2\0\x3c\0\4me-1"), NULL);
    check_message("mqtt-subscribe", FP_SAID_BY_CLIENT, LITERAL("\x82\x10\0\1\0\4a/b/c"), NULL);
    check_cut("mqtt-without-end", FP_SAID_BY_CLIENT, LITERAL("\x10\x18\0\6MQIsdp\3\x82\0\x3c\0\4me-1\0\4us"),
              "app_proto mqtt\ncut true\nmqtt.protocol MQIsdp\nmqtt.version 3\nmqtt.client_id me-1\n");
}

static void check_rdp(void)
{
    check_message("rdp-cookie", FP_SAID_BY_CLIENT, LITERAL("\3\0\0\x2a\x25\xe0\0\0\0\0\0Cookie: mstshash=user\r\n\1\0\x8\0\3\0\0\0"),
                  "app_proto rdp\nrdp.cookie user\nrdp.protocols 3\n");
    check_message("rdp-no-cookie", FP_SAID_BY_CLIENT, LITERAL("\3\0\0\x13\xe\xe0\0\0\0\0\0\1\0\x8\0\xb\0\0\0"),
                  "app_proto rdp\nrdp.protocols 11\n");
    check_message("rdp-token", FP_SAID_BY_CLIENT, LITERAL("\3\0\0\x2d\x28\xe0\0\0\0\0\0Cookie: msts=3640205228.15629.0000"), NULL);
    check_message("rdp-token-whole", FP_SAID_BY_CLIENT, LITERAL("\3\0\0\x2f\x2a\xe0\0\0\0\0\0Cookie: msts=3640205228.15629.0000\r\n"),
                  "app_proto rdp\nrdp.token Cookie: msts=3640205228.15629.0000\n");
    check_message("h323", FP_SAID_BY_CLIENT, LITERAL("\3\0\0\x0b\6\xe0\0\0\0\0\0"), NULL);
    check_message("s7", FP_SAID_BY_CLIENT, LITERAL("\3\0\0\x16\x11\xe0\0\0\0\1\0\xc0\1\x0a\xc1\2\1\0\xc2\2\1\2"), NULL);
}

static void check_smb(void)
{
    static Bytes bytes;

    check_message(
        "smb1-negotiate", FP_SAID_BY_CLIENT,
        LITERAL(
            "\0\0\0\x3a\xffSMB\x72\0\0\0\0\x18\1\x28\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x2f\x4b\0\0\xc5\x5e\0\x17\0\2NT LM 0.12\0\2SMB 2.002\0"),
        "app_proto smb\nsmb.version 1\nsmb.command 114\nsmb.dialect NT LM 0.12\nsmb.dialect SMB 2.002\n");
    check_message("smb1-answer", FP_SAID_BY_SERVER,
                  LITERAL("\0\0\0\x20\xffSMB\x72\0\0\0\0\x98\1\x28\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x2f\x4b\0\0\xc5\x5e"), NULL);
    bytes_hexadecimal(&bytes, "0000006a"
                              "fe534d42"
                              "4000"
                              "0000"
                              "00000000"
                              "0000"
                              "1f00"
                              "00000000");
    bytes_hexadecimal(&bytes, "00000000"
                              "0000000000000000"
                              "00000000"
                              "00000000"
                              "0000000000000000"
                              "00000000000000000000000000000000");
    bytes_hexadecimal(&bytes, "2400"
                              "0300"
                              "0100"
                              "0000"
                              "7f000000"
                              "00112233445566778899aabbccddeeff"
                              "0000000000000000"
                              "020202031103");
    check_message("smb2-negotiate", FP_SAID_BY_CLIENT, bytes.bytes, bytes.n,
                  "app_proto smb\nsmb.version 2\nsmb.command 0\nsmb.dialect 0202\nsmb.dialect 0302\nsmb.dialect 0311\n");
    bytes.bytes[4 + 16] = 1;
    check_message("smb2-answer", FP_SAID_BY_SERVER, bytes.bytes, bytes.n, NULL);
    check_message("netbios-session", FP_SAID_BY_CLIENT, LITERAL("\x81\0\0\x44 CKFDENECFDEF"), NULL);
}

static void check_dns(void)
{
    check_message("dns-query", FP_SAID_BY_CLIENT, LITERAL("\0\x1d\x12\x34\1\x20\0\1\0\0\0\0\0\0\3www\7example\0\0\1\0\1"),
                  "app_proto dns\ndns.id 4660\ndns.opcode 0\ndns.type 1\ndns.class 1\ndns.name www.example\n");
    check_message("dns-root", FP_SAID_BY_CLIENT, LITERAL("\0\x11\0\0\0\0\0\1\0\0\0\0\0\0\0\0\2\0\1"),
                  "app_proto dns\ndns.id 0\ndns.opcode 0\ndns.type 2\ndns.class 1\ndns.name \n");
    check_message(
        "dns-odd-name", FP_SAID_BY_CLIENT, LITERAL("\0\x1a\0\0\0\0\0\1\0\0\0\0\0\0\3a.\\\4\1 \xff-\0\0\xfc\0\1"),
        "app_proto dns\ndns.id 0\ndns.opcode 0\ndns.type 252\ndns.class 1\ndns.name a\\x5c.\\x5c\\x5c.\\x5c001\\x5c032\\x5c255-\n");
    check_message("dns-notify", FP_SAID_BY_CLIENT, LITERAL("\0\x13\0\0\x24\0\0\1\0\0\0\0\0\0\1a\0\0\6\0\1"),
                  "app_proto dns\ndns.id 0\ndns.opcode 4\ndns.type 6\ndns.class 1\ndns.name a\n");
    check_message("dns-additional", FP_SAID_BY_CLIENT, LITERAL("\0\x1e\0\0\1\0\0\1\0\0\0\0\0\1\1a\0\0\1\0\1\0\0\x29\4\xd0\0\0\0\0\0\0"),
                  "app_proto dns\ndns.id 0\ndns.opcode 0\ndns.type 1\ndns.class 1\ndns.name a\n");
    check_message("dns-answer", FP_SAID_BY_SERVER, LITERAL("\0\x13\0\0\x84\0\0\1\0\1\0\0\0\0\1a\0\0\1\0\1"), NULL);
    check_message("dns-pointer", FP_SAID_BY_CLIENT, LITERAL("\0\x12\0\0\0\0\0\1\0\0\0\0\0\0\xc0\x0c\0\1\0\1"), NULL);
    check_message("dns-label-beyond-message", FP_SAID_BY_CLIENT, LITERAL("\0\x11\0\0\0\0\0\1\0\0\0\0\0\0\5ab\0\1"), NULL);
    check_message("dns-no-class", FP_SAID_BY_CLIENT, LITERAL("\0\x13\0\0\0\0\0\1\0\0\0\0\0\0\1a\0\0\1\0\2"), NULL);
    check_message("dns-two-questions", FP_SAID_BY_CLIENT, LITERAL("\0\x13\0\0\0\0\0\2"), NULL);
}

/* Labels of these lengths, all of whose bytes are x. */
static void check_dns_labels(const char *name, const uint8_t *labels, size_t n, bool is_known)
{
    static Bytes query;
    char expected[512] = "app_proto dns\ndns.id 0\ndns.opcode 0\ndns.type 1\ndns.class 1\ndns.name ";

    bytes_clear(&query);
    size_t length = bytes_open(&query, 2);
    bytes_hexadecimal(&query, "000000000001000000000000");
    for (size_t i = 0; i < n; i++) {
        bytes_number(&query, labels[i], 1);
        for (size_t at = 0; at < labels[i]; at++)
            bytes_text(&query, "x");
        snprintf(expected + strlen(expected), sizeof expected - strlen(expected), "%s%.*s", i > 0 ? "." : "", (int)labels[i],
                 (const char *)query.bytes + query.n - labels[i]);
    }
    bytes_hexadecimal(&query, "0000010001");
    bytes_close(&query, length, 2);
    strcat(expected, "\n");
    check_message(name, FP_SAID_BY_CLIENT, query.bytes, query.n, is_known ? expected : NULL);
}

static void check_dns_bounds(void)
{
    check_dns_labels("dns-longest-label", (const uint8_t[]){63}, 1, true);
    check_dns_labels("dns-label-too-long", (const uint8_t[]){64}, 1, false);
    check_dns_labels("dns-longest-name", (const uint8_t[]){63, 63, 63, 61}, 4, true);
    check_dns_labels("dns-name-too-long", (const uint8_t[]){63, 63, 63, 62}, 4, false);
}

int main(int argc, char **argv)
{
    check_begin(argc, argv);
    check_mqtt();
    check_rdp();
    check_smb();
    check_dns();
    check_dns_bounds();
    return check_end();
}
