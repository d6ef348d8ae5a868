/* SPDX-License-Identifier: GPL-2.0-or-later */
/* link-type.h - the numbers that file formats have for link types -> FpLink. */
#ifndef FP_LINK_TYPE_H
#define FP_LINK_TYPE_H

#include <stdbool.h>
#include <stdint.h>

#include "record.h"

/* Of pcap's LINKTYPE_ values (https://www.tcpdump.org/linktypes.html). is_big_endian: so is the file, and what its records hold in the byte
 * order of who wrote it. */
FpLink fp_link_of_link_type(uint32_t link_type, bool is_big_endian);

/* Whether records of this link type may be longer than a packet can be (wtap.h, wtap_max_snaplen_for_encap). */
bool fp_link_has_giant_records(uint32_t link_type);

/* Of libwiretap's WTAP_ENCAP_ values. It takes off what some link types have before the frame. erf_type: with that encapsulation, as the
 * record's header has it. */
FpLink fp_link_of_wiretap(int encapsulation, uint8_t erf_type);

/* Of a record of Endace's; and how long the header is that its type has before the frame. */
FpLink fp_link_of_erf(uint8_t erf_type);
uint32_t fp_link_erf_header_bytes(uint8_t erf_type);

#endif
