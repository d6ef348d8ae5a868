/* SPDX-License-Identifier: GPL-2.0-or-later */
/* landlock.c - see landlock.h. The numbers are the kernel's (include/uapi/linux/landlock.h); the header of Debian 12 has the first only. */
#include "landlock.h"

#include <fcntl.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CREATE_RULESET_VERSION 1U
#define RULE_PATH_BENEATH 1

/* Rights on files. Those beside a number are known from that version on. */
#define EXECUTE (UINT64_C(1) << 0)
#define WRITE_FILE (UINT64_C(1) << 1)
#define READ_FILE (UINT64_C(1) << 2)
#define READ_DIR (UINT64_C(1) << 3)
#define ALL_OF_1 ((UINT64_C(1) << 13) - 1)
#define REFER (UINT64_C(1) << 13)    /* 2: rename and link between folders */
#define TRUNCATE (UINT64_C(1) << 14) /* 3 */

#define OF_FILES (WRITE_FILE | READ_FILE | TRUNCATE) /* those that a rule for a file may have */

struct Ruleset {
    uint64_t files;
};

/* The kernel's struct has no padding at its end. */
struct PathBeneath {
    uint64_t allowed;
    int32_t parent_fd;
} __attribute__((packed));

int fp_landlock_version(void)
{
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0, CREATE_RULESET_VERSION);

    return version > 0 ? (int)version : 0;
}

static uint64_t all_rights(int version)
{
    return ALL_OF_1 | (version >= 2 ? REFER : 0) | (version >= 3 ? TRUNCATE : 0);
}

int fp_landlock_new(int version)
{
    const struct Ruleset ruleset = {.files = all_rights(version)};

    return (int)syscall(SYS_landlock_create_ruleset, &ruleset, sizeof ruleset, 0U);
}

static void allow(int rules, const char *path, uint64_t rights)
{
    struct stat status;
    int fd = open(path, O_PATH | O_CLOEXEC);

    if (fd < 0)
        return;
    if (fstat(fd, &status) == 0 && !S_ISDIR(status.st_mode))
        rights &= OF_FILES;
    const struct PathBeneath beneath = {.allowed = rights, .parent_fd = fd};
    (void)syscall(SYS_landlock_add_rule, rules, RULE_PATH_BENEATH, &beneath, 0U);
    close(fd);
}

void fp_landlock_may_read(int rules, const char *path)
{
    allow(rules, path, READ_FILE | READ_DIR);
}

void fp_landlock_may_write(int rules, int version, const char *path)
{
    allow(rules, path, all_rights(version) & ~EXECUTE);
}

bool fp_landlock_begin(int rules)
{
    return syscall(SYS_landlock_restrict_self, rules, 0U) == 0;
}
