/* SPDX-License-Identifier: GPL-2.0-or-later */
/* assembly.c - see assembly.h. */
#include "assembly.h"

#include <string.h>

#include "base/allocated.h"

/* Bytes that are there: from at least 0 to below `to`. */
typedef struct {
    uint32_t from, to;
} Extent;

/* A frame, and the first byte that it was the first to bring. */
typedef struct {
    uint64_t frame;
    uint64_t at; /* as wide, so that no byte is left to chance on the disk */
} Source;

struct FpAssembly {
    uint32_t bytes_max;
    uint32_t cut; /* the first byte that a cut frame lacks; bytes_max: none */
    uint8_t *bytes;
    size_t room;
    GArray *extents;   /* of Extent, in order; there is a hole between any two */
    guint extents_max; /* as many there have been */
    GArray *sources;   /* of Source, as they came */
    GArray *frames;    /* of uint64_t, for fp_assembly_frames; NULL: not asked for yet */
};

FpAssembly *fp_assembly_new(uint32_t bytes_max)
{
    FpAssembly *assembly = g_new0(FpAssembly, 1);

    assembly->bytes_max = assembly->cut = bytes_max;
    assembly->extents = g_array_new(FALSE, FALSE, sizeof(Extent));
    assembly->sources = g_array_new(FALSE, FALSE, sizeof(Source));
    return assembly;
}

void fp_assembly_free(FpAssembly *assembly)
{
    if (assembly == NULL)
        return;
    g_free(assembly->bytes);
    g_array_unref(assembly->extents);
    g_array_unref(assembly->sources);
    g_clear_pointer(&assembly->frames, g_array_unref);
    g_free(assembly);
}

static Extent *extent_at(const FpAssembly *assembly, guint i)
{
    return &g_array_index(assembly->extents, Extent, i);
}

static void make_room(FpAssembly *assembly, uint32_t to)
{
    if (to <= assembly->room)
        return;
    assembly->room = MIN(MAX((size_t)to, 2 * assembly->room), assembly->bytes_max);
    assembly->bytes = g_realloc(assembly->bytes, assembly->room);
}

/* Copies those of the bytes of extent that are not there yet. i: the first extent that ends behind its beginning. Returns where the first
 * of them is; extent.to: there were none. */
static uint32_t fill(FpAssembly *assembly, Extent extent, const uint8_t *bytes, guint i)
{
    uint32_t at = extent.from, first = extent.to;

    while (at < extent.to) {
        uint32_t end = i < assembly->extents->len ? MIN(extent_at(assembly, i)->from, extent.to) : extent.to;
        if (at < end) {
            memcpy(assembly->bytes + at, bytes + (at - extent.from), end - at);
            first = MIN(first, at);
        }
        at = i < assembly->extents->len ? MAX(at, extent_at(assembly, i)->to) : extent.to;
        i++;
    }
    return first;
}

/* Notes that the bytes of extent are there. i: the first extent that ends at its beginning or behind. */
static void merge(FpAssembly *assembly, Extent extent, guint i)
{
    guint end = i;

    for (; end < assembly->extents->len && extent_at(assembly, end)->from <= extent.to; end++) {
        extent.from = MIN(extent.from, extent_at(assembly, end)->from);
        extent.to = MAX(extent.to, extent_at(assembly, end)->to);
    }
    if (end > i)
        g_array_remove_range(assembly->extents, i, end - i);
    g_array_insert_val(assembly->extents, i, extent);
    assembly->extents_max = MAX(assembly->extents_max, assembly->extents->len);
}

/* The first extent that ends at from or behind. */
static guint find(const FpAssembly *assembly, uint32_t from)
{
    guint low = 0, high = assembly->extents->len;

    while (low < high) {
        guint middle = low + (high - low) / 2;
        if (extent_at(assembly, middle)->to < from)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Notes that a frame lacks its bytes from `at` on. What other frames had already brought is no matter. */
static void note_cut(FpAssembly *assembly, int64_t at)
{
    size_t n;

    (void)fp_assembly_bytes(assembly, &n);
    if (at >= (int64_t)n && (at < assembly->cut || assembly->cut < n))
        assembly->cut = (uint32_t)MIN(at, assembly->bytes_max);
}

void fp_assembly_add(FpAssembly *assembly, int64_t offset, FpSpan payload, uint64_t frame)
{
    int64_t captured_end = offset + payload.captured;

    if (payload.captured < payload.wire && captured_end >= 0)
        note_cut(assembly, captured_end);
    if (payload.captured == 0 || captured_end <= 0 || offset >= assembly->bytes_max)
        return;
    const Extent extent = {.from = (uint32_t)MAX(offset, 0), .to = (uint32_t)MIN(captured_end, assembly->bytes_max)};
    guint i = find(assembly, extent.from);
    make_room(assembly, extent.to);
    const Source source = {.frame = frame, .at = fill(assembly, extent, payload.bytes + ((int64_t)extent.from - offset), i)};
    merge(assembly, extent, i);
    if (source.at < extent.to)
        g_array_append_val(assembly->sources, source);
}

void fp_assembly_append(FpAssembly *assembly, FpSpan payload, uint64_t frame)
{
    size_t n;

    (void)fp_assembly_bytes(assembly, &n);
    fp_assembly_add(assembly, (int64_t)n, payload, frame);
}

const uint8_t *fp_assembly_datagram(const FpAssembly *assembly, unsigned i, size_t *n)
{
    if (i >= assembly->sources->len)
        return NULL;
    const Source *source = &g_array_index(assembly->sources, Source, i);
    size_t end;
    (void)fp_assembly_bytes(assembly, &end);
    if (i + 1 < assembly->sources->len)
        end = source[1].at;
    *n = end - source->at;
    return assembly->bytes + source->at;
}

bool fp_assembly_may_be_datagrams(const FpAssembly *assembly)
{
    const Source *sources = (const void *)assembly->sources->data;
    const guint n = assembly->sources->len;
    bool is_ascending = n == 0 || sources[0].at == 0;

    for (guint i = 1; i < n; i++)
        is_ascending &= sources[i].at > sources[i - 1].at;
    return is_ascending && assembly->extents->len == (n > 0);
}

const uint8_t *fp_assembly_bytes(const FpAssembly *assembly, size_t *n)
{
    bool has_first = assembly->extents->len > 0 && extent_at(assembly, 0)->from == 0;

    *n = has_first ? extent_at(assembly, 0)->to : 0;
    return assembly->bytes;
}

uint8_t *fp_assembly_own_bytes(FpAssembly *assembly)
{
    return assembly->bytes;
}

bool fp_assembly_is_full(const FpAssembly *assembly)
{
    size_t n;

    (void)fp_assembly_bytes(assembly, &n);
    return n == assembly->cut || n == assembly->bytes_max;
}

bool fp_assembly_is_whole(const FpAssembly *assembly)
{
    size_t n;

    (void)fp_assembly_bytes(assembly, &n);
    return n > 0 && assembly->extents->len == 1 && !fp_assembly_is_full(assembly);
}

const uint64_t *fp_assembly_frames(FpAssembly *assembly, size_t *n)
{
    size_t n_bytes;

    (void)fp_assembly_bytes(assembly, &n_bytes);
    if (assembly->frames == NULL)
        assembly->frames = g_array_new(FALSE, FALSE, sizeof(uint64_t));
    g_array_set_size(assembly->frames, 0);
    for (guint i = 0; i < assembly->sources->len; i++) {
        const Source *source = &g_array_index(assembly->sources, Source, i);
        if (source->at < n_bytes && source->frame != 0)
            g_array_append_val(assembly->frames, source->frame);
    }
    const void *frames = assembly->frames->data;

    *n = assembly->frames->len;
    return frames;
}

/* What an array takes that has had so many elements at most. GLib gives it room for a power of two, from 16 bytes. */
static size_t array_memory(const GArray *array, guint n)
{
    size_t bytes = (size_t)n * g_array_get_element_size((GArray *)array), room = 16;

    while (room < bytes)
        room *= 2;
    return fp_allocated(sizeof(GArray) + 24) + (n > 0 ? fp_allocated(room) : 0); /* GLib's own struct is longer than GArray */
}

size_t fp_assembly_memory(const FpAssembly *assembly)
{
    return fp_allocated(sizeof *assembly) + fp_allocated(assembly->room) + array_memory(assembly->extents, assembly->extents_max) +
           array_memory(assembly->sources, assembly->sources->len);
}

/* An assembly on the disk; sources follow, then extents and the bytes in each. */
typedef struct {
    uint32_t bytes_max, cut, n_sources, n_extents;
} Saved;

bool fp_assembly_save(const FpAssembly *assembly, FpStreamsWrite write, void *user)
{
    const Saved saved = {
        .bytes_max = assembly->bytes_max, .cut = assembly->cut, .n_sources = assembly->sources->len, .n_extents = assembly->extents->len};
    bool is_written = write(user, &saved, sizeof saved) && write(user, assembly->sources->data, assembly->sources->len * sizeof(Source));

    for (guint i = 0; is_written && i < assembly->extents->len; i++) {
        const Extent *extent = extent_at(assembly, i);
        is_written = write(user, extent, sizeof *extent) && write(user, assembly->bytes + extent->from, extent->to - extent->from);
    }
    return is_written;
}

static bool load_sources(FpAssembly *assembly, uint32_t n, FpStreamsRead read, void *user)
{
    for (uint32_t i = 0; i < n; i++) {
        Source source;
        if (!read(user, &source, sizeof source))
            return false;
        g_array_append_val(assembly->sources, source);
    }
    return true;
}

/* Makes room for what a file says there is, which need not be so. Returns false if there is none. */
static bool try_room(FpAssembly *assembly, uint32_t to)
{
    uint8_t *bytes = to > assembly->room ? g_try_realloc(assembly->bytes, to) : assembly->bytes;

    if (bytes == NULL)
        return false;
    assembly->bytes = bytes;
    assembly->room = MAX(assembly->room, to);
    return true;
}

static bool load_extents(FpAssembly *assembly, uint32_t n, FpStreamsRead read, void *user)
{
    uint32_t end = 0;

    for (uint32_t i = 0; i < n; i++) {
        Extent extent;
        if (!read(user, &extent, sizeof extent) || extent.from >= extent.to || extent.to > assembly->bytes_max ||
            (i > 0 && extent.from <= end))
            return false;
        if (!try_room(assembly, extent.to) || !read(user, assembly->bytes + extent.from, extent.to - extent.from))
            return false;
        g_array_append_val(assembly->extents, extent);
        end = extent.to;
    }
    assembly->extents_max = n;
    return true;
}

/* Whether each byte that a frame was the first to bring is there. */
static bool sources_make_sense(const FpAssembly *assembly)
{
    for (guint i = 0; i < assembly->sources->len; i++) {
        const Source *source = &g_array_index(assembly->sources, Source, i);
        if (source->at >= assembly->bytes_max)
            return false;
        guint place = find(assembly, (uint32_t)source->at + 1);
        if (place == assembly->extents->len || extent_at(assembly, place)->from > source->at)
            return false;
    }
    return true;
}

FpAssembly *fp_assembly_load(FpStreamsRead read, void *user)
{
    Saved saved;

    if (!read(user, &saved, sizeof saved) || saved.cut > saved.bytes_max)
        return NULL;
    FpAssembly *assembly = fp_assembly_new(saved.bytes_max);
    assembly->cut = saved.cut;
    if (load_sources(assembly, saved.n_sources, read, user) && load_extents(assembly, saved.n_extents, read, user) &&
        sources_make_sense(assembly))
        return assembly;
    fp_assembly_free(assembly);
    return NULL;
}
