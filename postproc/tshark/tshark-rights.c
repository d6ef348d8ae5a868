/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tshark-rights.c - see tshark-rights.h. */
#include "tshark-rights.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/error.h"

#define SETPRIV "/usr/bin/setpriv" /* where Debian has it, whatever PATH says */

/* Returns the user that tshark runs as, valid until the next look at the list of users. NULL: there is none of these. */
static const struct passwd *find_user(void)
{
    const struct passwd *user = getpwnam("tshark");

    return user != NULL ? user : getpwnam("nobody");
}

/* Whether this process may become another user. In a container, even root may lack that right. */
static bool may_change_user(void)
{
    const uint32_t needed = UINT32_C(1) << CAP_SETUID | UINT32_C(1) << CAP_SETGID;
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct capabilities[_LINUX_CAPABILITY_U32S_3] = {0};

    return syscall(SYS_capget, &header, capabilities) != 0 || (capabilities[0].effective & needed) == needed;
}

static void add_user(GPtrArray *argv, const struct passwd *user)
{
    g_ptr_array_add(argv, g_strdup_printf("--reuid=%u", user->pw_uid));
    g_ptr_array_add(argv, g_strdup_printf("--regid=%u", user->pw_gid));
    g_ptr_array_add(argv, g_strdup("--clear-groups"));
    g_ptr_array_add(argv, g_strdup("--bounding-set=-all"));
}

static bool refuse(const char *why, GError **error)
{
    g_set_error(error, FP_ERROR, FP_ERROR_UNAVAILABLE, "tshark: is not started with rights that it does not need; %s", why);
    return false;
}

bool fp_tshark_rights_add(GPtrArray *argv, GError **error)
{
    const bool is_root = geteuid() == 0;
    const struct passwd *user = is_root ? find_user() : NULL;

    if (access(SETPRIV, X_OK) != 0)
        return refuse(SETPRIV ", which takes them away, is missing (Debian's package util-linux)", error);
    if (is_root && user == NULL)
        return refuse("there is neither a user tshark nor nobody", error);
    if (is_root && !may_change_user())
        return refuse("to run it as another user than root takes CAP_SETUID and CAP_SETGID; run firstpayload with both, or not as root",
                      error);
    g_ptr_array_add(argv, g_strdup(SETPRIV));
    g_ptr_array_add(argv, g_strdup("--no-new-privs"));
    g_ptr_array_add(argv, g_strdup("--inh-caps=-all"));
    g_ptr_array_add(argv, g_strdup("--ambient-caps=-all"));
    if (is_root)
        add_user(argv, user);
    return true;
}

static bool may_anybody_execute(const char *path)
{
    struct stat status;

    return stat(path, &status) == 0 && (status.st_mode & S_IXOTH) != 0;
}

/* Whether anybody may go through all folders of an absolute path to what is there, and execute that. */
static bool may_anybody_run(const char *path)
{
    g_autofree char *part = g_strdup(path);

    for (char *slash = strchr(part + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (!may_anybody_execute(part))
            return false;
        *slash = '/';
    }
    return may_anybody_execute(part);
}

char *fp_tshark_rights_path(const char *program, int *fd)
{
    g_autofree char *path = g_canonicalize_filename(program, NULL);

    *fd = geteuid() == 0 && !may_anybody_run(path) ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    return *fd < 0 ? g_steal_pointer(&path) : g_strdup_printf("/proc/self/fd/%d", FP_TSHARK_RIGHTS_FD);
}

static bool is_closed(const char *folder)
{
    return folder != NULL && access(folder, X_OK) != 0 && errno == EACCES;
}

/* Whoever has become another user by setpriv(1) has root's HOME still, and tshark may crash where it may not look for its preferences.
 * Returns whose home tshark is to have; NULL: that of the environment. */
static const struct passwd *whose_home(void)
{
    if (geteuid() == 0)
        return find_user();
    return is_closed(g_getenv("HOME")) || is_closed(g_getenv("XDG_CONFIG_HOME")) ? getpwuid(geteuid()) : NULL;
}

char **fp_tshark_rights_environment(void)
{
    static const char *const of_root[] = {"XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_RUNTIME_DIR"};
    char **environment = g_get_environ();
    const struct passwd *user = whose_home();

    if (user == NULL)
        return environment;
    for (size_t i = 0; i < G_N_ELEMENTS(of_root); i++)
        environment = g_environ_unsetenv(environment, of_root[i]);
    return g_environ_setenv(environment, "HOME", user->pw_dir, TRUE);
}
