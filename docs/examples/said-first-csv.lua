-- SPDX-License-Identifier: GPL-2.0-or-later
-- Writes a CSV file (RFC 4180) with a row for each stream. The file's name is the script's argument:
--
--     tshark -q -2 -r capture.pcap -X lua_script:said-first-csv.lua -X lua_script1:streams.csv
--
-- In Wireshark, the file is written again whenever the packets were read again.

local path = ... or "streams.csv"

-- A column for each of these fields. What a frame does not have is empty.
local names = {"stream", "direction", "len", "protocol", "detail", "delay", "reply_delay", "syn_frame", "reply_frame"}
local fields = {}
for i, name in ipairs(names) do
    fields[i] = Field.new("firstpayload." .. name)
end

local rows = {}
local tap = Listener.new("firstpayload", "firstpayload")

local function quoted(value)
    local text = tostring(value)
    return text:find('[",\r\n]') and '"' .. text:gsub('"', '""') .. '"' or text
end

-- Before the packets are read, and before they are read again.
function tap.reset()
    rows = {}
end

function tap.packet(pinfo)
    local row = {pinfo.number, tostring(pinfo.src), pinfo.src_port, tostring(pinfo.dst), pinfo.dst_port}
    for i = 1, #fields do
        local field = fields[i]()
        row[#row + 1] = field and quoted(field.value) or ""
    end
    rows[#rows + 1] = table.concat(row, ",")
end

-- When all packets were read.
function tap.draw()
    local file = assert(io.open(path, "w"))
    file:write("frame,source,source_port,destination,destination_port,", table.concat(names, ","), "\r\n")
    for _, row in ipairs(rows) do
        file:write(row, "\r\n")
    end
    file:close()
end
