/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kernel-filter.c - see kernel-filter.h. libbpf loads the filter; afterwards descriptors are all that is kept. */
#include "kernel-filter.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/error.h"
#include "classic-filter.h"
#include "kernel-filter-object.h"

#define SYNS_BYTES (FP_CUT_PLACES * sizeof(uint64_t))

/* What the filter has as constants, in the order in which kernel-cut-bpf.c declares them. */
typedef struct {
    uint32_t snaplen;
    uint32_t loopback;
} Constants;

bool fp_kernel_filter_is_built_in(void)
{
    return true;
}

static bool set_error(GError **error, int code)
{
    const char *help = "";

    if (code == EPERM || code == EACCES)
        help = "; it takes root, or CAP_BPF besides CAP_NET_RAW";
    else if (code == ENOSYS)
        help = "; this kernel has no bpf(2)";
    g_set_error(error, FP_ERROR, FP_ERROR_UNAVAILABLE, "%s%s", g_strerror(code), help);
    return false;
}

/* A descriptor that stays when the object is closed. */
static int keep(int descriptor)
{
    return descriptor < 0 ? -1 : fcntl(descriptor, F_DUPFD_CLOEXEC, 0);
}

static int keep_map(struct bpf_object *object, const char *name)
{
    return keep(bpf_object__find_map_fd_by_name(object, name));
}

static int keep_program(struct bpf_object *object, const char *name)
{
    const struct bpf_program *program = bpf_object__find_program_by_name(object, name);

    return program != NULL ? keep(bpf_program__fd(program)) : -1;
}

/* Returns 0, or what errno says. */
static int prepare(struct bpf_object *object, unsigned max_streams, const Constants *constants)
{
    struct bpf_map *streams = bpf_object__find_map_by_name(object, "fp_streams");
    struct bpf_map *own = bpf_object__find_map_by_name(object, ".rodata");

    if (streams == NULL || own == NULL)
        return EINVAL;
    int status = bpf_map__set_max_entries(streams, max_streams);
    if (status == 0)
        status = bpf_map__set_initial_value(own, constants, sizeof *constants);
    return status == 0 ? -bpf_object__load(object) : -status;
}

static bool take_over(FpKernelFilter *filter, struct bpf_object *object)
{
    int counts = bpf_object__find_map_fd_by_name(object, "fp_syns");
    void *view = mmap(NULL, SYNS_BYTES, PROT_READ, MAP_SHARED, counts, 0);

    filter->syns = view != MAP_FAILED ? view : NULL;
    filter->ethernet = keep_program(object, "fp_cut_ethernet");
    filter->cooked = keep_program(object, "fp_cut_cooked");
    filter->streams = keep_map(object, "fp_streams");
    filter->dropped = keep_map(object, "fp_dropped");
    filter->n_cpus = libbpf_num_possible_cpus(); /* now, as it reads a file, for which there may be no right later */
    return filter->syns != NULL && filter->ethernet >= 0 && filter->cooked >= 0 && filter->streams >= 0 && filter->dropped >= 0;
}

bool fp_kernel_filter_load(FpKernelFilter *filter, unsigned max_streams, uint32_t snaplen, GError **error)
{
    const Constants constants = {.snaplen = snaplen, .loopback = if_nametoindex("lo")};

    *filter = (FpKernelFilter){.ethernet = -1, .cooked = -1, .next = -1, .streams = -1, .dropped = -1};
    libbpf_set_print(NULL); /* what it says would go to standard error, in many lines */
    struct bpf_object *object = bpf_object__open_mem(fp_kernel_filter_object, fp_kernel_filter_object_bytes, NULL);
    if (object == NULL)
        return set_error(error, errno);
    int code = prepare(object, max_streams, &constants);
    if (code == 0 && !take_over(filter, object)) {
        code = errno;
        fp_kernel_filter_close(filter);
    }
    bpf_object__close(object);
    return code == 0 || set_error(error, code);
}

void fp_kernel_filter_close(FpKernelFilter *filter)
{
    const int descriptors[] = {filter->ethernet, filter->cooked, filter->next, filter->streams, filter->dropped};

    for (size_t i = 0; i < G_N_ELEMENTS(descriptors); i++)
        if (descriptors[i] >= 0)
            close(descriptors[i]);
    if (filter->syns != NULL)
        munmap(filter->syns, SYNS_BYTES);
}

int fp_kernel_filter_load_before(FpKernelFilter *filter, const void *instructions, size_t n)
{
    const uint32_t first = 0;

    if (filter->next < 0)
        filter->next = bpf_map_create(BPF_MAP_TYPE_PROG_ARRAY, "fp_next", sizeof first, sizeof(uint32_t), 1, NULL);
    if (filter->next < 0 || bpf_map_update_elem(filter->next, &first, &filter->ethernet, BPF_ANY) != 0)
        return -1;
    g_autoptr(GArray) translated = fp_classic_filter_translate(instructions, n, filter->next);
    errno = EOPNOTSUPP;
    if (translated == NULL)
        return -1;
    const struct bpf_insn *program = (const void *)translated->data;
    return bpf_prog_load(BPF_PROG_TYPE_SOCKET_FILTER, "fp_before", "GPL", program, translated->len, NULL);
}

void fp_kernel_filter_put(const FpKernelFilter *filter, const struct fp_cut_key *key, const struct fp_cut_entry *entry)
{
    (void)bpf_map_update_elem(filter->streams, key, entry, BPF_ANY); /* without it, all that follows reaches the program */
}

void fp_kernel_filter_delete(const FpKernelFilter *filter, const struct fp_cut_key *key)
{
    (void)bpf_map_delete_elem(filter->streams, key);
}

uint64_t fp_kernel_filter_dropped(const FpKernelFilter *filter)
{
    const uint32_t first = 0;
    uint64_t sum = 0;

    if (filter->n_cpus <= 0)
        return 0;
    g_autofree uint64_t *counts = g_new0(uint64_t, (gsize)filter->n_cpus);
    if (bpf_map_lookup_elem(filter->dropped, &first, counts) != 0)
        return 0;
    for (int i = 0; i < filter->n_cpus; i++)
        sum += counts[i];
    return sum;
}
