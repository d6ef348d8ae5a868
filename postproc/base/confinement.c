/* SPDX-License-Identifier: GPL-2.0-or-later */
/* confinement.c - see confinement.h. */
#include "confinement.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "error.h"
#include "landlock.h"
#include "notify.h"
#include "privileges.h"
#include "system-calls.h"

typedef struct {
    dev_t device;
    ino_t inode; /* 0: nothing */
} Identity;

struct FpConfinement {
    FpConfinementOptions options;
    FpConfinementNeeds needs;
    bool has_user; /* user is to be become */
    FpUser user;
    GPtrArray *readable, *writable; /* paths for Landlock */
    GArray *identities;             /* of Identity: what was at each of writable when the rules were set */
    GPtrArray *created_in;          /* folders in which the new user has to be able to create files */
    bool has_landlock;
    GString *text;
};

/* What libraries read on their way: libraries, locales, character sets, time zones; processes and interfaces. */
static const char *const of_libraries[] = {"/usr", "/lib",           "/lib32",        "/lib64",           "/proc",       "/sys",
                                           "/dev", "/etc/localtime", "/etc/timezone", "/etc/ld.so.cache", "/etc/gcrypt", "/run/udev"};

static const struct {
    const char *name;
    unsigned way;
} ways[] = {{"user", FP_CONFINE_USER},
            {"capabilities", FP_CONFINE_CAPABILITIES},
            {"seccomp", FP_CONFINE_SECCOMP},
            {"landlock", FP_CONFINE_LANDLOCK},
            {"all", ~0U}};

static unsigned way_by_name(const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(ways); i++)
        if (g_str_equal(name, ways[i].name))
            return ways[i].way;
    return 0;
}

bool fp_confinement_without_from_text(const char *text, unsigned *without)
{
    g_auto(GStrv) names = g_strsplit(text, ",", -1);

    *without = 0;
    for (char **name = names; *name != NULL; name++) {
        unsigned way = way_by_name(g_strstrip(*name));
        if (way == 0)
            return false;
        *without |= way;
    }
    return *names != NULL;
}

static bool is_wanted(const FpConfinement *confinement, unsigned way)
{
    return !(confinement->options.without & way);
}

/* Whether the user has to be changed. Only root can. */
static bool find_user(FpConfinement *confinement, GError **error)
{
    const char *name = confinement->options.user;

    if (geteuid() != 0 || !is_wanted(confinement, FP_CONFINE_USER) || (name == NULL && !confinement->needs.becomes_user))
        return true;
    confinement->has_user = fp_user_find(name, &confinement->user);
    if (!confinement->has_user && name != NULL) {
        g_set_error(error, FP_ERROR, FP_ERROR_USAGE, "-Z: there is no user %s; getent passwd lists them", name);
        return false;
    }
    confinement->has_user = confinement->has_user && confinement->user.uid != 0; /* -Z root: as it is */
    return true;
}

FpConfinement *fp_confinement_new(const FpConfinementOptions *options, const FpConfinementNeeds *needs, GError **error)
{
    FpConfinement *confinement = g_new0(FpConfinement, 1);

    confinement->options = *options;
    confinement->needs = *needs;
    confinement->readable = g_ptr_array_new_with_free_func(g_free);
    confinement->writable = g_ptr_array_new_with_free_func(g_free);
    confinement->identities = g_array_new(FALSE, FALSE, sizeof(Identity));
    confinement->created_in = g_ptr_array_new_with_free_func(g_free);
    confinement->text = g_string_new(NULL);
    if (find_user(confinement, error))
        return confinement;
    fp_confinement_free(confinement);
    return NULL;
}

void fp_confinement_free(FpConfinement *confinement)
{
    if (confinement == NULL)
        return;
    g_free(confinement->user.name);
    g_ptr_array_unref(confinement->readable);
    g_ptr_array_unref(confinement->writable);
    g_array_unref(confinement->identities);
    g_ptr_array_unref(confinement->created_in);
    g_string_free(confinement->text, TRUE);
    g_free(confinement);
}

bool fp_confinement_changes_user(const FpConfinement *confinement)
{
    return confinement->has_user;
}

static void add_path(GPtrArray *paths, const char *path)
{
    if (path != NULL)
        g_ptr_array_add(paths, g_canonicalize_filename(path, NULL));
}

/* The folder that the name is in, and the one that the file is in if the name is a link. */
static void add_beside(GPtrArray *paths, const char *path)
{
    if (path == NULL || g_str_equal(path, "-"))
        return;
    g_autofree char *folder = g_path_get_dirname(path);
    char *real = realpath(path, NULL);
    g_autofree char *real_folder = real != NULL ? g_path_get_dirname(real) : NULL;

    add_path(paths, folder);
    add_path(paths, real_folder);
    free(real);
}

/* A rule is for a folder, and not for its name: one that is made again is below the rule for the folder above. */
static void add_above(GPtrArray *paths, const char *folder)
{
    g_autofree char *above = g_path_get_dirname(folder);

    if (!g_str_equal(above, "/"))
        add_path(paths, above);
}

void fp_confinement_may_read(FpConfinement *confinement, const char *path)
{
    add_path(confinement->readable, path);
}

void fp_confinement_may_write(FpConfinement *confinement, const char *path)
{
    add_path(confinement->writable, path);
}

void fp_confinement_may_read_beside(FpConfinement *confinement, const char *path)
{
    add_beside(confinement->readable, path);
}

void fp_confinement_may_write_beside(FpConfinement *confinement, const char *path)
{
    add_beside(confinement->writable, path);
}

void fp_confinement_creates_beside(FpConfinement *confinement, const char *path)
{
    const guint before = confinement->created_in->len;

    add_beside(confinement->writable, path);
    add_beside(confinement->created_in, path);
    for (guint i = before; i < confinement->created_in->len; i++)
        add_above(confinement->writable, g_ptr_array_index(confinement->created_in, i));
}

/* Whether path is folder, or below it. Both are absolute. */
static bool is_within(const char *path, const char *folder)
{
    const size_t n = strlen(folder);

    return strncmp(path, folder, n) == 0 && (path[n] == '/' || path[n] == '\0' || g_str_equal(folder, "/"));
}

bool fp_confinement_reaches(const FpConfinement *confinement, const char *path)
{
    g_autofree char *whole = g_canonicalize_filename(path, NULL);

    if (!confinement->has_landlock)
        return true;
    for (guint i = 0; i < confinement->writable->len; i++)
        if (is_within(whole, g_ptr_array_index(confinement->writable, i)))
            return true;
    return false;
}

static Identity identity_of(const char *path)
{
    struct stat status;

    return stat(path, &status) == 0 ? (Identity){status.st_dev, status.st_ino} : (Identity){0};
}

static void note_identities(FpConfinement *confinement)
{
    for (guint i = 0; i < confinement->writable->len; i++) {
        const Identity identity = identity_of(g_ptr_array_index(confinement->writable, i));
        g_array_append_val(confinement->identities, identity);
    }
}

/* A rule is for what was there, and all that is below it, whatever comes there later. */
static bool is_reached(const FpConfinement *confinement, const char *path)
{
    for (guint i = 0; i < confinement->identities->len; i++) {
        const char *folder = g_ptr_array_index(confinement->writable, i);
        const Identity before = g_array_index(confinement->identities, Identity, i), now = identity_of(folder);
        if (is_within(path, folder) && before.inode != 0 && before.inode == now.inode && before.device == now.device)
            return true;
    }
    return false;
}

const char *fp_confinement_lost(const FpConfinement *confinement)
{
    for (guint i = 0; i < confinement->identities->len; i++) {
        const char *folder = g_ptr_array_index(confinement->writable, i);
        if (identity_of(folder).inode != 0 && !is_reached(confinement, folder))
            return folder;
    }
    return NULL;
}

static void say(FpConfinement *confinement, const char *format, ...) G_GNUC_PRINTF(2, 3);
static void say(FpConfinement *confinement, const char *format, ...)
{
    va_list arguments;

    if (confinement->text->len > 0)
        g_string_append(confinement->text, "; ");
    va_start(arguments, format);
    g_string_append_vprintf(confinement->text, format, arguments);
    va_end(arguments);
}

/* Says that a way is not taken. */
static void say_without(FpConfinement *confinement, const char *what, unsigned way, const char *why)
{
    say(confinement, "no %s: %s", what, is_wanted(confinement, way) ? why : "switched off");
}

/* Returns a folder in which files will be created, and the new user cannot; NULL: there is none. */
static const char *closed_folder(const FpConfinement *confinement)
{
    for (guint i = 0; i < confinement->created_in->len; i++)
        if (!fp_privileges_could_create(&confinement->user, g_ptr_array_index(confinement->created_in, i)))
            return g_ptr_array_index(confinement->created_in, i);
    return NULL;
}

const FpUser *fp_confinement_user(const FpConfinement *confinement)
{
    return confinement->has_user && closed_folder(confinement) == NULL ? &confinement->user : NULL;
}

/* Whether files that are begun later will have a place. Root stays root for their sake, unless somebody has named a user. */
static bool can_become(FpConfinement *confinement, GError **error)
{
    const char *folder = closed_folder(confinement);

    if (folder == NULL)
        return true;
    confinement->has_user = confinement->options.user != NULL;
    if (!confinement->has_user) {
        say(confinement, "user root, as %s cannot create files in %s", confinement->user.name, folder);
        return false;
    }
    g_set_error(error, FP_ERROR, FP_ERROR_CANNOT_CREATE, "%s: user %s cannot create files there: %s; give the folder to that user", folder,
                confinement->user.name, g_strerror(errno));
    return false;
}

/* Always returns false. errno says why. */
static bool cannot_become(const FpConfinement *confinement, GError **error)
{
    g_set_error(error, FP_ERROR, FP_ERROR_UNAVAILABLE, "-Z %s: cannot become that user: %s; it takes CAP_SETUID and CAP_SETGID",
                confinement->user.name, g_strerror(errno));
    return false;
}

bool fp_confinement_begin_files(const FpConfinement *confinement, GError **error)
{
    if (!confinement->has_user || confinement->options.user == NULL || fp_privileges_begin_files(&confinement->user))
        return true;
    return cannot_become(confinement, error);
}

/* In a container, root may lack the right to become another user. It goes on then, unless somebody has named one. */
static bool become_user(FpConfinement *confinement, GError **error)
{
    if (!confinement->has_user) {
        say(confinement, "user %s", geteuid() == 0 ? "root" : "unchanged");
        return true;
    }
    if (!can_become(confinement, error))
        return !confinement->has_user;
    if (fp_privileges_become(&confinement->user)) {
        if (fp_system_calls_obstacle() != NULL)
            (void)prctl(PR_SET_DUMPABLE, 1); /* a sanitizer looks at the process from outside, for leaks */
        say(confinement, "user %s", confinement->user.name);
        return true;
    }
    if (confinement->options.user != NULL)
        return cannot_become(confinement, error);
    say(confinement, "user root, as it cannot become %s: %s", confinement->user.name, g_strerror(errno));
    return true;
}

/* Whoever stays root, and will create files in a folder of somebody else, cannot do so without these: all that comes after the first file
 * would be lost. */
static uint64_t capabilities_for_folders(const FpConfinement *confinement)
{
    if (geteuid() == 0)
        for (guint i = 0; i < confinement->created_in->len; i++)
            if (!fp_privileges_could_create_without(g_ptr_array_index(confinement->created_in, i)))
                return FP_CAPABILITIES_OF_FILES;
    return 0;
}

static bool drop_capabilities(FpConfinement *confinement, GError **error)
{
    bool are_left;

    if (!is_wanted(confinement, FP_CONFINE_CAPABILITIES)) {
        say(confinement, "capabilities as they were: switched off");
        return true;
    }
    if (!fp_privileges_drop_capabilities(confinement->needs.capabilities | capabilities_for_folders(confinement), &are_left)) {
        g_set_error(error, FP_ERROR, FP_ERROR_SOFTWARE, "capabilities cannot be given up: %s; --without capabilities goes on with them",
                    g_strerror(errno));
        return false;
    }
    say(confinement, are_left ? "no capabilities but those for files" : "no capabilities");
    return true;
}

static bool set_rules(const FpConfinement *confinement, int version)
{
    int rules = fp_landlock_new(version);

    if (rules < 0)
        return false;
    for (size_t i = 0; i < G_N_ELEMENTS(of_libraries); i++)
        fp_landlock_may_read(rules, of_libraries[i]);
    for (guint i = 0; i < confinement->readable->len; i++)
        fp_landlock_may_read(rules, g_ptr_array_index(confinement->readable, i));
    for (guint i = 0; i < confinement->writable->len; i++)
        fp_landlock_may_write(rules, version, g_ptr_array_index(confinement->writable, i));
    bool has_begun = fp_landlock_begin(rules);
    int failure = errno;
    close(rules);
    errno = failure;
    return has_begun;
}

static void begin_landlock(FpConfinement *confinement)
{
    const int version = fp_landlock_version();

    if (!is_wanted(confinement, FP_CONFINE_LANDLOCK) || version == 0)
        say_without(confinement, "Landlock", FP_CONFINE_LANDLOCK, "the kernel has none, or it is off");
    else if (version < 2 && confinement->needs.moves_files)
        say_without(confinement, "Landlock", FP_CONFINE_LANDLOCK, "the kernel's would not let files be moved");
    else if (!set_rules(confinement, version))
        say_without(confinement, "Landlock", FP_CONFINE_LANDLOCK, g_strerror(errno));
    else
        confinement->has_landlock = true;
    if (confinement->has_landlock)
        note_identities(confinement);
    if (confinement->has_landlock)
        say(confinement, "Landlock (version %d)", version);
}

static unsigned calls_of_messages(void)
{
    return g_getenv("NOTIFY_SOCKET") != NULL || g_log_writer_is_journald(STDERR_FILENO) ? FP_CALLS_MESSAGES : 0;
}

static void limit_system_calls(FpConfinement *confinement)
{
    const char *obstacle = fp_system_calls_obstacle();

    if (!is_wanted(confinement, FP_CONFINE_SECCOMP) || obstacle != NULL) {
        say_without(confinement, "seccomp filter", FP_CONFINE_SECCOMP, obstacle);
        return;
    }
    int n = fp_system_calls_limit(confinement->needs.calls | calls_of_messages());
    if (n < 0)
        say_without(confinement, "seccomp filter", FP_CONFINE_SECCOMP, g_strerror(-n));
    else
        say(confinement, "seccomp filter (%d system calls)", n);
}

bool fp_confinement_begin(FpConfinement *confinement, GError **error)
{
    fp_notify_begin();
    if (is_wanted(confinement, FP_CONFINE_CAPABILITIES))
        fp_privileges_limit_capabilities(confinement->needs.capabilities);
    if (!become_user(confinement, error) || !drop_capabilities(confinement, error))
        return false;
    if (fp_privileges_no_new())
        say(confinement, "no new privileges");
    begin_landlock(confinement);
    limit_system_calls(confinement);
    if (fp_confinement_probe != NULL)
        fp_confinement_probe();
    return true;
}

const char *fp_confinement_text(const FpConfinement *confinement)
{
    return confinement->text->str;
}
