/* SPDX-License-Identifier: GPL-2.0-or-later */
/* log-internal.h - what log.c and the forms of a line share. Nobody else includes it. */
#ifndef FP_LOG_INTERNAL_H
#define FP_LOG_INTERNAL_H

#include "log.h"

/* Append a line, but for its end and what tshark says. */
void fp_log_text(GString *line, const FpLogStyle *style, const FpLogEntry *entry);
void fp_log_json(GString *line, const FpLogStyle *style, const FpLogEntry *entry);
void fp_log_table(GString *row, const FpLogStyle *style, const FpLogEntry *entry);

/* Append what tshark says, and the line's end. */
void fp_log_text_answer(GString *line, const FpLogStyle *style, const FpLogAnswer *answer);
void fp_log_json_answer(GString *line, const FpLogStyle *style, const FpLogAnswer *answer);
void fp_log_table_answer(GString *row, const FpLogStyle *style, const FpLogAnswer *answer);

/* What was captured of the payload, cut to what a line may have. */
FpSpan fp_log_payload(const FpLogStyle *style, const FpLogEntry *entry);

/* Appends an address as people write it (RFC 5952). */
void fp_log_append_address(GString *line, const uint8_t *address, unsigned address_bytes);

/* Appends address and port, as in 192.0.2.1:80 and [2001:db8::1]:80. */
void fp_log_append_endpoint(GString *line, const uint8_t *address, unsigned address_bytes, uint16_t port);

/* Appends when the frame was captured: ISO 8601, UTC. */
void fp_log_append_time(GString *line, const FpLogEntry *entry);

/* Appends a time in seconds, with as many places as the capture's times have. */
void fp_log_append_seconds(GString *line, const FpLogEntry *entry, int64_t ns);

#endif
