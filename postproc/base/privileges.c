/* SPDX-License-Identifier: GPL-2.0-or-later */
/* privileges.c - see privileges.h. Capabilities by the system calls themselves, see capabilities(7): libcap would be one more library. */
#include "privileges.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

bool fp_user_find(const char *name, FpUser *user)
{
    const struct passwd *entry = getpwnam(name != NULL ? name : FP_USER_OF_PACKAGE);

    if (entry == NULL && name == NULL)
        entry = getpwnam("nobody");
    if (entry == NULL)
        return false;
    *user = (FpUser){.name = g_strdup(entry->pw_name), .uid = entry->pw_uid, .gid = entry->pw_gid};
    return true;
}

bool fp_privileges_become(const FpUser *user)
{
    const gid_t group = getegid();

    if (setgroups(0, NULL) != 0 || setresgid(user->gid, user->gid, user->gid) != 0)
        return false;
    if (setresuid(user->uid, user->uid, user->uid) != 0) {
        int failure = errno;
        (void)!setresgid(group, group, group);
        errno = failure;
        return false;
    }
    return true;
}

bool fp_privileges_begin_files(const FpUser *user)
{
    if (setgroups(0, NULL) != 0)
        return false;
    setfsgid(user->gid);
    setfsuid(user->uid);
    bool is_user = setfsgid((gid_t)-1) == (int)user->gid && setfsuid((uid_t)-1) == (int)user->uid; /* which changes nothing, and tells */
    errno = EPERM;
    return is_user;
}

/* Where it is sticky, as /tmp is, only its owner renames files that root has begun. */
static bool keeps_files_of_others(const FpUser *user, const char *folder)
{
    struct stat status;

    if (stat(folder, &status) != 0 || !(status.st_mode & S_ISVTX) || status.st_uid == user->uid)
        return false;
    errno = EPERM;
    return true;
}

bool fp_privileges_could_create(const FpUser *user, const char *folder)
{
    const gid_t group = getegid();

    (void)setgroups(0, NULL);
    bool is_user = setegid(user->gid) == 0 && seteuid(user->uid) == 0;
    bool could = !is_user || faccessat(AT_FDCWD, folder, W_OK | X_OK, AT_EACCESS) == 0;
    int failure = errno;
    (void)!seteuid(0);
    (void)!setegid(group);
    errno = failure;
    return could && !keeps_files_of_others(user, folder);
}

void fp_privileges_limit_capabilities(uint64_t keep)
{
    for (unsigned long capability = 0; capability < 64 && prctl(PR_CAPBSET_READ, capability) >= 0; capability++)
        if (!(keep >> capability & 1))
            (void)prctl(PR_CAPBSET_DROP, capability);
}

bool fp_privileges_drop_capabilities(uint64_t keep, bool *are_left)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3] = {0};

    *are_left = false;
    (void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    if (syscall(SYS_capget, &header, sets) != 0)
        return false;
    for (int i = 0; i < _LINUX_CAPABILITY_U32S_3; i++) {
        sets[i].permitted &= (uint32_t)(keep >> (32 * i));
        sets[i].effective &= sets[i].permitted;
        sets[i].inheritable = 0;
        *are_left |= sets[i].permitted != 0;
    }
    return syscall(SYS_capset, &header, sets) == 0;
}

bool fp_privileges_could_create_without(const char *folder)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3] = {0};
    uint32_t effective[_LINUX_CAPABILITY_U32S_3];

    if (syscall(SYS_capget, &header, sets) != 0)
        return true;
    for (int i = 0; i < _LINUX_CAPABILITY_U32S_3; i++) {
        effective[i] = sets[i].effective;
        sets[i].effective = 0;
    }
    bool is_asked = syscall(SYS_capset, &header, sets) == 0;
    bool could = !is_asked || faccessat(AT_FDCWD, folder, W_OK | X_OK, AT_EACCESS) == 0;
    for (int i = 0; i < _LINUX_CAPABILITY_U32S_3; i++)
        sets[i].effective = effective[i];
    (void)syscall(SYS_capset, &header, sets);
    return could;
}

bool fp_privileges_no_new(void)
{
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
}
