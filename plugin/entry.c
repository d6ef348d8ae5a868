/* SPDX-License-Identifier: GPL-2.0-or-later */
/* entry.c - what Wireshark looks for in a plugin. Wireshark's own tree makes a file like this for each of its plugins. */
#define WS_BUILD_DLL
#include "compat.h"

WS_DLL_PUBLIC_DEF const char plugin_version[] = FIRSTPAYLOAD_VERSION;
WS_DLL_PUBLIC_DEF const int plugin_want_major = WIRESHARK_VERSION_MAJOR;
WS_DLL_PUBLIC_DEF const int plugin_want_minor = WIRESHARK_VERSION_MINOR;

WS_DLL_PUBLIC void plugin_register(void);
#if FP_WIRESHARK_AT_LEAST(4, 2)
WS_DLL_PUBLIC uint32_t plugin_describe(void);
#endif

void proto_register_firstpayload(void);
void proto_reg_handoff_firstpayload(void);

void plugin_register(void)
{
    static proto_plugin plugin = {
        .register_protoinfo = proto_register_firstpayload,
        .register_handoff = proto_reg_handoff_firstpayload,
    };

    proto_register_plugin(&plugin);
}

#if FP_WIRESHARK_AT_LEAST(4, 2)
uint32_t plugin_describe(void)
{
    return WS_PLUGIN_DESC_DISSECTOR;
}
#endif
