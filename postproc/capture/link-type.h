/* SPDX-License-Identifier: GPL-2.0-or-later */
/* link-type.h - link type numbers of file formats -> FpLink. */
#ifndef FP_LINK_TYPE_H
#define FP_LINK_TYPE_H

#include <stdbool.h>
#include <stdint.h>

#include "record.h"

/* Maps a LINKTYPE_ value of pcap (https://www.tcpdump.org/linktypes.html). is_big_endian: the file is big-endian, and so is what its
 * records hold in the byte order of the writing host. */
FpLink fp_link_of_link_type(uint32_t link_type, bool is_big_endian);

/* Whether records of this link type may be longer than a packet can be (wtap.h, wtap_max_snaplen_for_encap). */
bool fp_link_has_giant_records(uint32_t link_type);

/* Maps a WTAP_ENCAP_ value of libwiretap, which strips what some link types have before the frame. erf_type: from the header of the record,
 * used with WTAP_ENCAP_ERF only. */
FpLink fp_link_of_wiretap(int encapsulation, uint8_t erf_type);

/* Maps the type of an ERF record (Endace). */
FpLink fp_link_of_erf(uint8_t erf_type);

/* The length of the header that this type of ERF record has before the frame; 0 when it has none or the type is not known. */
uint32_t fp_link_erf_header_bytes(uint8_t erf_type);

#endif
