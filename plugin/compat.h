/* SPDX-License-Identifier: GPL-2.0-or-later */
/* compat.h - what differs between the versions of Wireshark that the plugin is built for. */
#ifndef FP_COMPAT_H
#define FP_COMPAT_H

#define WS_BUILD_DLL
#include <epan/packet.h>
#include <ws_version.h>
#include <wsutil/pint.h>

#define FP_WIRESHARK_AT_LEAST(major, minor)                                                                                                \
    (WIRESHARK_VERSION_MAJOR > (major) || (WIRESHARK_VERSION_MAJOR == (major) && WIRESHARK_VERSION_MINOR >= (minor)))

/* WS_PLUGIN_DESC_DISSECTOR, of plugin_describe(). */
#if FP_WIRESHARK_AT_LEAST(4, 2)
#include <wsutil/plugins.h>
#endif

/* Numbers in network byte order. */
#if FP_WIRESHARK_AT_LEAST(4, 6)
#define pntoh16 pntohu16
#define pntoh32 pntohu32
#endif

/* What a Boolean preference is kept in. */
#if FP_WIRESHARK_AT_LEAST(4, 4)
typedef bool FpPreferenceBool;
#else
typedef gboolean FpPreferenceBool;
#endif

#endif
