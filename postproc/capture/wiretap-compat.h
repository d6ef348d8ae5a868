/* SPDX-License-Identifier: GPL-2.0-or-later */
/* wiretap-compat.h - hides the differences between the versions of libwiretap that the program is built for. */
#ifndef FP_WIRETAP_COMPAT_H
#define FP_WIRETAP_COMPAT_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <wiretap/wtap.h>
#include <ws_version.h>
#include <wsutil/wslog.h>

#define FP_WIRETAP_AT_LEAST(major, minor)                                                                                                  \
    (WIRESHARK_VERSION_MAJOR > (major) || (WIRESHARK_VERSION_MAJOR == (major) && WIRESHARK_VERSION_MINOR >= (minor)))

#define FP_WIRETAP_FRAME_BYTES 1514 /* room for a frame at first */

/* What a wtap_block_foreach_func returns. */
#if FP_WIRETAP_AT_LEAST(4, 4)
typedef bool FpWiretapBool;
#else
typedef gboolean FpWiretapBool;
#endif

/* A record that is read into. Until 4.4 the frame is not in the wtap_rec. */
typedef struct {
    wtap_rec rec;
#if !FP_WIRETAP_AT_LEAST(4, 6)
    Buffer frame;
#endif
} FpWiretapRecord;

/* The parameters of a function that prints libwiretap's messages. */
#if FP_WIRETAP_AT_LEAST(4, 4)
#define FP_WIRETAP_LOG_PARAMETERS                                                                                                          \
    const char *domain G_GNUC_UNUSED, enum ws_log_level level G_GNUC_UNUSED, const char *file G_GNUC_UNUSED, long line G_GNUC_UNUSED,      \
        const char *func G_GNUC_UNUSED, const char *fatal G_GNUC_UNUSED, ws_log_manifest_t *manifest G_GNUC_UNUSED, const char *format,    \
        va_list arguments, void *user G_GNUC_UNUSED
#else
#define FP_WIRETAP_LOG_PARAMETERS                                                                                                          \
    const char *domain G_GNUC_UNUSED, enum ws_log_level level G_GNUC_UNUSED, struct timespec time G_GNUC_UNUSED,                           \
        const char *file G_GNUC_UNUSED, long line G_GNUC_UNUSED, const char *func G_GNUC_UNUSED, const char *format, va_list arguments,    \
        void *user G_GNUC_UNUSED
#endif

/* Initialises the log of libwiretap, whose messages then go to writer. program: its name in them. */
static inline void fp_wiretap_log_init(const char *program, ws_log_writer_cb *writer)
{
#if FP_WIRETAP_AT_LEAST(4, 6)
    (void)program; /* libwiretap asks GLib, where main has set the name */
    ws_log_init_with_writer(writer, NULL);
#else
    ws_log_init_with_writer(program, writer, NULL);
#endif
}

/* Prepares a record to read into. End with fp_wiretap_record_clear. */
static inline void fp_wiretap_record_init(FpWiretapRecord *record)
{
#if FP_WIRETAP_AT_LEAST(4, 6)
    wtap_rec_init(&record->rec, FP_WIRETAP_FRAME_BYTES);
#else
    wtap_rec_init(&record->rec);
    ws_buffer_init(&record->frame, FP_WIRETAP_FRAME_BYTES);
#endif
}

/* Frees what the record owns. */
static inline void fp_wiretap_record_clear(FpWiretapRecord *record)
{
    wtap_rec_cleanup(&record->rec);
#if !FP_WIRETAP_AT_LEAST(4, 6)
    ws_buffer_free(&record->frame);
#endif
}

/* The frame of the record; borrowed. */
static inline const uint8_t *fp_wiretap_record_frame(const FpWiretapRecord *record)
{
#if FP_WIRETAP_AT_LEAST(4, 6)
    return ws_buffer_start_ptr(&record->rec.data);
#else
    return ws_buffer_start_ptr(&record->frame);
#endif
}

/* Like wtap_read; *offset is where the record begins. */
static inline bool fp_wiretap_read(wtap *wth, FpWiretapRecord *record, int *err, char **err_info, int64_t *offset)
{
    gint64 begin = 0;

    wtap_rec_reset(&record->rec);
#if FP_WIRETAP_AT_LEAST(4, 6)
    bool is_read = wtap_read(wth, &record->rec, err, err_info, &begin);
#else
    bool is_read = wtap_read(wth, &record->rec, &record->frame, err, err_info, &begin);
#endif
    *offset = begin;
    return is_read;
}

/* Turns a shallow copy of a wtap_rec into one that owns nothing but the block. */
static inline void fp_wiretap_disown(wtap_rec *rec)
{
    rec->options_buf = (Buffer){0}; /* packets have none */
#if FP_WIRETAP_AT_LEAST(4, 6)
    rec->data = (Buffer){0};
#endif
}

/* Like wtap_dump of a record with this frame, which libwiretap does not change. */
static inline bool fp_wiretap_dump(wtap_dumper *dumper, const wtap_rec *rec, const uint8_t *frame, size_t bytes, int *err, char **err_info)
{
#if FP_WIRETAP_AT_LEAST(4, 6)
    wtap_rec with_frame = *rec;

    with_frame.data = (Buffer){.data = (uint8_t *)frame, .allocated = bytes, .first_free = bytes};
    return wtap_dump(dumper, &with_frame, err, err_info);
#else
    (void)bytes;
    return wtap_dump(dumper, rec, frame, err, err_info);
#endif
}

/* Has interfaces written with the numbers that they have in records. */
static inline void fp_wiretap_number_interfaces(wtap_dump_params *params)
{
#if FP_WIRETAP_AT_LEAST(4, 4)
    params->shb_iface_to_global =
        NULL; /* else libwiretap adds the interfaces of earlier sections, which the numbers in records include already */
#else
    (void)params;
#endif
}

/* The length of the value of a custom option; 0 for any other option. */
static inline size_t fp_wiretap_custom_bytes(wtap_opttype_e type, const wtap_optval_t *value)
{
#if FP_WIRETAP_AT_LEAST(4, 6)
    if (type == WTAP_OPTTYPE_CUSTOM_STRING)
        return strlen(value->custom_stringval.string);
    return type == WTAP_OPTTYPE_CUSTOM_BINARY ? value->custom_binaryval.data.custom_data_len : 0;
#else
    return type == WTAP_OPTTYPE_CUSTOM ? value->custom_opt.data.generic_data.custom_data_len : 0;
#endif
}

#endif
