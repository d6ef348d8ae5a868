/* SPDX-License-Identifier: GPL-2.0-or-later */
/* watch-config.c - see watch-config.h. */
#include "watch-config.h"

#include "base/error.h"

#define GROUP "watch"

/* Options that are for command lines only. */
static const char *const not_keys[] = {"config", "once", "dry-run", "check-config", NULL};

/* Returns the option that a key stands for, or NULL. */
static const GOptionEntry *find_option(const GArray *options, const char *name)
{
    if (g_strv_contains(not_keys, name))
        return NULL;
    for (const GOptionEntry *option = (const GOptionEntry *)options->data; option->long_name != NULL; option++)
        if (*name != '\0' && g_str_equal(option->long_name, name))
            return option;
    return NULL;
}

/* Returns the value of a key. Caller frees. Returns NULL and sets error. */
static char *read_value(GKeyFile *file, const char *path, const char *name, GError **error)
{
    GError *failure = NULL;
    char *value = g_key_file_get_string(file, GROUP, name, &failure);

    if (value != NULL)
        return value;
    g_set_error(error, FP_ERROR, FP_ERROR_CONFIG, "%s: %s: %s", path, name, failure->message);
    g_error_free(failure);
    return NULL;
}

static bool take_flag(GKeyFile *file, const char *path, const char *name, GPtrArray *words, GError **error)
{
    GError *failure = NULL;

    if (g_key_file_get_boolean(file, GROUP, name, &failure))
        g_ptr_array_add(words, g_strconcat("--", name, NULL));
    if (failure == NULL)
        return true;
    g_error_free(failure);
    g_set_error(error, FP_ERROR, FP_ERROR_CONFIG, "%s: %s takes true or false", path, name);
    return false;
}

static bool take_option(GKeyFile *file, const char *path, const GOptionEntry *option, GPtrArray *words, GError **error)
{
    if (option->arg == G_OPTION_ARG_NONE)
        return take_flag(file, path, option->long_name, words, error);
    g_autofree char *value = read_value(file, path, option->long_name, error);
    if (value == NULL)
        return false;
    g_ptr_array_add(words, g_strdup_printf("--%s=%s", option->long_name, value));
    return true;
}

static bool take_folder(GKeyFile *file, const char *path, const char *name, char **folder, GError **error)
{
    g_free(*folder);
    *folder = read_value(file, path, name, error);
    return *folder != NULL;
}

static bool check_groups(GKeyFile *file, const char *path, GError **error)
{
    g_auto(GStrv) groups = g_key_file_get_groups(file, NULL);

    for (char **group = groups; *group != NULL; group++)
        if (!g_str_equal(*group, GROUP)) {
            g_set_error(error, FP_ERROR, FP_ERROR_CONFIG, "%s: there is no group [%s], only [%s]", path, *group, GROUP);
            return false;
        }
    return true;
}

bool fp_watch_config_read(const char *path, const GArray *options, GPtrArray *words, char **inbox, char **outdir, GError **error)
{
    g_autoptr(GKeyFile) file = g_key_file_new();
    g_autoptr(GError) failure = NULL;

    if (!g_key_file_load_from_file(file, path, G_KEY_FILE_NONE, &failure)) {
        g_set_error(error, FP_ERROR, FP_ERROR_CONFIG, "%s: %s", path, failure->message);
        return false;
    }
    if (!check_groups(file, path, error))
        return false;
    g_auto(GStrv) names = g_key_file_get_keys(file, GROUP, NULL, NULL);
    for (char **name = names; name != NULL && *name != NULL; name++) {
        char **folder = g_str_equal(*name, "inbox") ? inbox : g_str_equal(*name, "outdir") ? outdir : NULL;
        const GOptionEntry *option = find_option(options, *name);
        if (folder == NULL && option == NULL) {
            g_set_error(error, FP_ERROR, FP_ERROR_CONFIG, "%s: [%s] has no key %s; see firstpayload.conf(5)", path, GROUP, *name);
            return false;
        }
        if (!(folder != NULL ? take_folder(file, path, *name, folder, error) : take_option(file, path, option, words, error)))
            return false;
    }
    return true;
}
