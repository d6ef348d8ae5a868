/* SPDX-License-Identifier: GPL-2.0-or-later */
/* log-internal.h - shared by log.c, the forms of a line and reports. No other file includes it. */
#ifndef FP_LOG_INTERNAL_H
#define FP_LOG_INTERNAL_H

#include "log.h"

/* Appends a line for people, without the line end. */
void fp_log_text(GString *line, const FpLogStyle *style, const FpLogEntry *entry, const FpLogAnswer *answer);
/* Appends a JSON object. */
void fp_log_json(GString *line, const FpLogStyle *style, const FpLogEntry *entry, const FpLogAnswer *answer);
/* Appends the cells of a row, without what tshark says: for tables, it is asked for no fields. */
void fp_log_table(GString *row, const FpLogStyle *style, const FpLogEntry *entry, const FpLogAnswer *answer);

/* Returns the captured payload, cut to what a line may have. */
FpSpan fp_log_payload(const FpLogStyle *style, const FpLogEntry *entry);

/* Appends the two members of a JSON object that payloads have, a comma before each. */
void fp_log_append_payload_json(GString *line, FpSpan payload);

/* Appends an address in the usual text form (RFC 5952). */
void fp_log_append_address(GString *line, const uint8_t *address, unsigned address_bytes);

/* Appends address and port, as in 192.0.2.1:80 and [2001:db8::1]:80. */
void fp_log_append_endpoint(GString *line, const uint8_t *address, unsigned address_bytes, uint16_t port);

/* Appends a second since 1970 as date and time of day, UTC, with this character between them. */
void fp_log_append_second(GString *line, int64_t second, char between);

/* Appends the time at which the frame was captured: ISO 8601, UTC. */
void fp_log_append_time(GString *line, const FpLogEntry *entry);

/* Appends ns, a duration, in seconds, with as many decimals as the capture's times have. */
void fp_log_append_seconds(GString *line, const FpLogEntry *entry, int64_t ns);

#endif
