/* SPDX-License-Identifier: GPL-2.0-or-later */
/* config.c - see config.h. */
#include "config.h"

#include "base/error.h"
#include "config-place.h"

static void set_error(GError **error, const char *path, const char *name, const char *message)
{
    g_autofree char *place = fp_config_place(path, name);

    g_set_error(error, FP_ERROR, FP_ERROR_CONFIG, "%s: %s %s", place, name, message);
}

/* Returns the option that a key stands for, or NULL. */
static const GOptionEntry *find_option(const FpConfigForm *form, const GArray *options, const char *name)
{
    if (g_strv_contains(form->not_keys, name))
        return NULL;
    for (const GOptionEntry *option = (const GOptionEntry *)options->data; option->long_name != NULL; option++)
        if (*name != '\0' && g_str_equal(option->long_name, name))
            return option;
    return NULL;
}

/* Returns the value of a key. Caller frees. Returns NULL and sets error. */
static char *read_value(const FpConfigForm *form, GKeyFile *file, const char *path, const char *name, GError **error)
{
    GError *failure = NULL;
    char *value = g_key_file_get_string(file, form->group, name, &failure);

    if (value != NULL)
        return value;
    g_autofree char *message = g_strconcat("cannot be read: ", failure->message, NULL);
    set_error(error, path, name, message);
    g_error_free(failure);
    return NULL;
}

static bool take_flag(const FpConfigForm *form, GKeyFile *file, const char *path, const char *name, GPtrArray *words, GError **error)
{
    GError *failure = NULL;

    if (g_key_file_get_boolean(file, form->group, name, &failure))
        g_ptr_array_add(words, g_strconcat("--", name, NULL));
    if (failure == NULL)
        return true;
    g_error_free(failure);
    set_error(error, path, name, "takes true or false");
    return false;
}

static bool take_option(const FpConfigForm *form, GKeyFile *file, const char *path, const GOptionEntry *option, GPtrArray *words,
                        GError **error)
{
    if (option->arg == G_OPTION_ARG_NONE)
        return take_flag(form, file, path, option->long_name, words, error);
    g_autofree char *value = read_value(form, file, path, option->long_name, error);
    if (value == NULL)
        return false;
    g_ptr_array_add(words, g_strdup_printf("--%s=%s", option->long_name, value));
    return true;
}

/* Returns where the value of a key goes that is no option, or NULL. */
static char **find_value(const FpConfigValue *values, const char *name)
{
    for (; values != NULL && values->name != NULL; values++)
        if (g_str_equal(values->name, name))
            return values->value;
    return NULL;
}

static bool take_key(const FpConfigForm *form, GKeyFile *file, const char *path, const char *name, const GArray *options, GPtrArray *words,
                     GError **error)
{
    char **value = find_value(form->values, name);
    const GOptionEntry *option = find_option(form, options, name);

    if (value != NULL) {
        g_free(*value);
        *value = read_value(form, file, path, name, error);
        if (*value != NULL && **value == '\0')
            set_error(error, path, name, "has no value");
        return *value != NULL && **value != '\0';
    }
    if (option != NULL)
        return take_option(form, file, path, option, words, error);
    g_autofree char *place = fp_config_place(path, name);
    g_set_error(error, FP_ERROR, FP_ERROR_CONFIG, "%s: [%s] has no key %s; see %s", place, form->group, name, form->page);
    return false;
}

static bool check_groups(const FpConfigForm *form, GKeyFile *file, const char *path, GError **error)
{
    g_auto(GStrv) groups = g_key_file_get_groups(file, NULL);

    for (char **group = groups; *group != NULL; group++)
        if (!g_str_equal(*group, form->group)) {
            g_set_error(error, FP_ERROR, FP_ERROR_CONFIG, "%s: it has a group [%s], but only [%s] is read here; see %s", path, *group,
                        form->group, form->page);
            return false;
        }
    return true;
}

bool fp_config_read(const FpConfigForm *form, const char *path, const GArray *options, GPtrArray *words, GError **error)
{
    g_autoptr(GKeyFile) file = g_key_file_new();
    g_autoptr(GError) failure = NULL;

    if (!g_key_file_load_from_file(file, path, G_KEY_FILE_NONE, &failure)) {
        g_set_error(error, FP_ERROR, FP_ERROR_CONFIG, "%s: %s", path, failure->message);
        return false;
    }
    if (!check_groups(form, file, path, error))
        return false;
    g_auto(GStrv) names = g_key_file_get_keys(file, form->group, NULL, NULL);
    for (char **name = names; name != NULL && *name != NULL; name++)
        if (!take_key(form, file, path, *name, options, words, error))
            return false;
    return true;
}
