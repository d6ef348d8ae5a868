/* SPDX-License-Identifier: GPL-2.0-or-later */
/* log-reply.c - what the other side answered, in the forms of a line. See log-reply.h. */
#include "log-reply.h"

#include "base/printable.h"

enum { TEXT_BYTES_MAX = 512 }; /* as in log-said-json.c */

static void append_version(GString *line, uint16_t version)
{
    static const char *const names[] = {"SSL 3.0", "TLS 1.0", "TLS 1.1", "TLS 1.2", "TLS 1.3"};

    if (version >= 0x0300 && version < 0x0300 + G_N_ELEMENTS(names))
        g_string_append(line, names[version - 0x0300]);
    else
        g_string_append_printf(line, "0x%04x", version);
}

static void append_cipher(GString *line, uint16_t cipher)
{
    const char *name = fp_said_cipher_name(cipher);

    if (name != NULL)
        g_string_append(line, name);
    else
        g_string_append_printf(line, "0x%04x", cipher);
}

static void append_answer(GString *line, const FpSaidAnswer *answer)
{
    if (answer->protocol == FP_SAID_NOTHING)
        return;
    g_string_append_printf(line, "\treplied %s", fp_said_name(answer->protocol));
    if (answer->protocol == FP_SAID_HTTP) {
        g_string_append_printf(line, " %u", answer->http.status);
    } else if (answer->protocol == FP_SAID_SSH) {
        g_string_append_c(line, ' ');
        fp_printable_escape(line, answer->ssh.software_version.bytes, answer->ssh.software_version.n);
    } else {
        g_string_append_c(line, ' ');
        append_version(line, answer->tls.version);
        g_string_append_c(line, ' ');
        append_cipher(line, answer->tls.cipher);
        if (answer->tls.alpn.n > 0)
            g_string_append_c(line, ' ');
        fp_printable_escape(line, answer->tls.alpn.bytes, answer->tls.alpn.n);
        g_string_append(line, answer->tls.is_retry ? " retry" : "");
    }
}

void fp_log_append_reply(GString *line, const FpLogStyle *style, const FpLogEntry *entry)
{
    const FpLogReply *reply = entry->reply;

    if (reply == NULL)
        return;
    const FpSpan payload = fp_span_first(reply->payload, style->payload_bytes);
    g_string_append(line, "\treply ");
    fp_printable_number(line, reply->payload.wire);
    g_string_append_c(line, ' ');
    fp_log_append_seconds(line, entry, reply->delay_ns);
    if (payload.captured > 0)
        g_string_append_c(line, ' ');
    fp_printable_escape(line, payload.bytes, payload.captured);
    append_answer(line, reply->answer);
}

/* Adds a member to an object, unless there is no text. */
static void add_text(GString *line, const char *key, FpSaidText text)
{
    if (text.bytes == NULL)
        return;
    g_string_append_printf(line, "%s\"%s\":", line->str[line->len - 1] == '{' ? "" : ",", key);
    fp_printable_json_bytes(line, text.bytes, MIN(text.n, TEXT_BYTES_MAX));
}

static void append_http(GString *line, const FpSaidHttpAnswer *http)
{
    g_string_append_printf(line, ",\"http\":{\"status\":%u", http->status);
    add_text(line, "protocol", http->protocol);
    g_string_append_c(line, '}');
}

static void append_tls(GString *line, const FpSaidServerHello *tls)
{
    g_string_append(line, ",\"tls\":{\"version\":\"");
    append_version(line, tls->version);
    g_string_append(line, "\",\"cipher\":\"");
    append_cipher(line, tls->cipher);
    g_string_append_c(line, '"');
    add_text(line, "alpn", tls->alpn);
    g_string_append_printf(line, ",\"hello_retry_request\":%s}", tls->is_retry ? "true" : "false");
}

static void append_ssh(GString *line, const FpSaidSsh *ssh, FpSide side)
{
    g_string_append_printf(line, ",\"ssh\":{\"%s\":{", fp_side_name(side));
    add_text(line, "proto_version", ssh->proto_version);
    add_text(line, "software_version", ssh->software_version);
    add_text(line, "comments", ssh->comments);
    g_string_append(line, "}}");
}

void fp_log_append_reply_json(GString *line, const FpLogStyle *style, const FpLogEntry *entry)
{
    const FpLogReply *reply = entry->reply;

    if (reply == NULL)
        return;
    g_string_append(line, ",\"reply\":{\"length\":");
    fp_printable_number(line, reply->payload.wire);
    g_string_append(line, ",\"delay\":");
    fp_log_append_seconds(line, entry, reply->delay_ns);
    if (reply->frame != 0)
        g_string_append_printf(line, ",\"pcap_cnt\":%" G_GUINT64_FORMAT, reply->frame);
    if (style->payload_bytes > 0)
        fp_log_append_payload_json(line, fp_span_first(reply->payload, style->payload_bytes));
    if (reply->answer->protocol != FP_SAID_NOTHING)
        g_string_append_printf(line, ",\"app_proto\":\"%s\"", fp_said_name(reply->answer->protocol));
    if (reply->answer->protocol == FP_SAID_HTTP)
        append_http(line, &reply->answer->http);
    else if (reply->answer->protocol == FP_SAID_TLS)
        append_tls(line, &reply->answer->tls);
    else if (reply->answer->protocol == FP_SAID_SSH)
        append_ssh(line, &reply->answer->ssh, reply->side);
    g_string_append_c(line, '}');
}
