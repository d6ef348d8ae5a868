/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fields.h - the protocol "firstpayload" and its fields, for filters, columns and -e. */
#ifndef FP_FIELDS_H
#define FP_FIELDS_H

#include "compat.h"

#include <epan/expert.h>

extern int proto_firstpayload;
extern int proto_firstpayload_relative; /* the item of frames that are no first payload frame */

extern int hf_firstpayload_stream;
extern int hf_firstpayload_direction;
extern int hf_firstpayload_len;
extern int hf_firstpayload_seq;
extern int hf_firstpayload_age;
extern int hf_firstpayload_delay;
extern int hf_firstpayload_reply_delay;
extern int hf_firstpayload_fast_open;
extern int hf_firstpayload_midstream;
extern int hf_firstpayload_out_of_order;
extern int hf_firstpayload_summary;
extern int hf_firstpayload_protocol;
extern int hf_firstpayload_detail;
extern int hf_firstpayload_name;
extern int hf_firstpayload_whole_frame;
extern int hf_firstpayload_text;
extern int hf_firstpayload_data;
extern int hf_firstpayload_syn_frame;
extern int hf_firstpayload_reply_frame;
extern int hf_firstpayload_first_frame;
extern int hf_firstpayload_first_frame_of_reply; /* the same field; the packet list draws it as the request that the frame answers */
extern int hf_firstpayload_reply;
extern int hf_firstpayload_flight;
extern int hf_firstpayload_handshake;
extern int hf_firstpayload_opening;
extern int hf_firstpayload_closing;
extern int hf_firstpayload_silent;
extern int hf_firstpayload_of_stream_summary;
extern int hf_firstpayload_of_stream_protocol;
extern int hf_firstpayload_of_stream_detail;
extern int hf_firstpayload_old_continued_in; /* names of before */
extern int hf_firstpayload_old_unseen;

extern int ett_firstpayload;
extern int ett_firstpayload_relative;

extern expert_field ei_firstpayload_unseen;
extern expert_field ei_firstpayload_fragment;
extern expert_field ei_firstpayload_silent;
extern expert_field ei_firstpayload_fast_open;
extern expert_field ei_firstpayload_midstream;
extern expert_field ei_firstpayload_out_of_order;
extern expert_field ei_firstpayload_continued;

/* Registers proto_firstpayload, and sets all of the above. */
void fp_fields_register(void);

/* Returns whether anybody asks for the protocol's items, or for any field of it. False if tree is NULL. */
bool fp_fields_are_wanted(proto_tree *tree);

/* Returns whether anybody asks for a field that frames have that are no first payload frame. */
bool fp_fields_of_others_are_wanted(proto_tree *tree);

/* Returns whether anybody asks for a field that says what is in a first payload. */
bool fp_fields_of_message_are_wanted(proto_tree *tree);

/* As fp_fields_are_wanted, where there is no tree. */
bool fp_fields_may_be_wanted(void);

/* Returns whether a filter, a column or the like asks for this very field. */
bool fp_fields_is_asked_by_name(int hf);

#endif
