-- SPDX-License-Identifier: GPL-2.0-or-later
-- Prints a line for each stream: when, who with whom, who spoke first, and what. For tshark:
--
--     tshark -q -2 -r capture.pcap -X lua_script:said-first.lua
--
-- The tap "firstpayload" calls once for each first payload frame. With -2, messages in several frames have their names, too.

-- Fields have to be there before the listener is.
local summary = Field.new("firstpayload.summary")
local delay = Field.new("firstpayload.delay") -- absent if the SYN was not captured

local tap = Listener.new("firstpayload", "firstpayload")    -- the second is a display filter

function tap.packet(pinfo)
    local after_syn = delay()
    print(string.format("%.6f %s:%d > %s:%d %s%s", pinfo.abs_ts, tostring(pinfo.src), pinfo.src_port, tostring(pinfo.dst), pinfo.dst_port,
        summary().value, after_syn and string.format(" (%.3f s after the SYN)", tonumber(tostring(after_syn.value))) or ""))
end
