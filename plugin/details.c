/* SPDX-License-Identifier: GPL-2.0-or-later */
/* details.c - see details.h. */
#include "details.h"

#include <epan/uat-int.h>
#include <epan/uat.h>
#include <wsutil/wslog.h>

/* A row of the table. */
typedef struct {
    char *field;
} Row;

/* What the table has until somebody changes it. The first that is found is used; the order matters only within a protocol. */
static const char *const defaults[] = {
    "tls.handshake.extensions_server_name",
    "http.host",
    "http2.headers.authority",
    "dns.qry.name",
    "rdp.rt_cookie",
    "mqtt.clientid",
    "kerberos.CNameString",
    "ldap.name",
    "mysql.version",
    "nbss.called_name",
    "diameter.Origin-Host",
    "iscsi.keyvalue",
    "socks.remote_name",
    "bgp.open.identifier",
};

static uat_t *table;
static Row *rows;
static unsigned n_rows;
static const char *instead = ""; /* the preference */

static GArray *details;   /* of int */
static bool is_table_due; /* the fields of the table are still to be looked up */

UAT_PROTO_FIELD_CB_DEF(details, field, Row)

static uat_field_t columns[] = {
    UAT_FLD_PROTO_FIELD(details, field, "Field", "The first of these fields that a first message has is its detail"),
    UAT_END_FIELDS,
};

static void *copy_row(void *to, const void *from, size_t bytes _U_)
{
    ((Row *)to)->field = g_strdup(((const Row *)from)->field);
    return to;
}

static void free_row(void *row)
{
    g_free(((Row *)row)->field);
}

/* A table without rows, such as one that there is no file for, gets the defaults. */
static void fill_table(void)
{
    if (n_rows > 0)
        return;
    for (size_t i = 0; i < G_N_ELEMENTS(defaults); i++) {
        Row row = {.field = g_strdup(defaults[i])};
        uat_add_record(table, &row, TRUE); /* which copies it */
        free_row(&row);
    }
}

void fp_details_register(module_t *module)
{
    table = uat_new("Telling fields", sizeof(Row), "firstpayload_details", TRUE, &rows, &n_rows, UAT_AFFECTS_DISSECTION, NULL, copy_row,
                    NULL, free_row, fill_table, NULL, columns);
    prefs_register_uat_preference(module, "detail_fields", "Telling fields",
                                  "Fields of Wireshark's. The first of them that is found in a first message is its detail", table);
    prefs_register_string_preference(module, "details", "Telling fields, instead of the table",
                                     "Names of fields, separated by spaces or commas. Meant for tshark's -o; if empty, the table counts",
                                     &instead);
}

/* A Wireshark that was built without some library lacks what nobody but us asked for. */
static bool is_default(const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(defaults); i++)
        if (g_str_equal(defaults[i], name))
            return true;
    return false;
}

/* Adds all fields of that name. */
static void add(const char *name)
{
    const header_field_info *field = proto_registrar_get_byname(name);

    if (field == NULL && is_default(name))
        return;
    if (field == NULL) {
        ws_log("firstpayload", LOG_LEVEL_WARNING, "telling fields: this version of Wireshark has no field %s", name);
        return;
    }
    for (; field->same_name_prev_id >= 0; field = proto_registrar_get_nth((unsigned)field->same_name_prev_id))
        g_array_append_val(details, field->id);
    g_array_append_val(details, field->id);
}

/* Adds the fields of the preference. Returns how many it names. */
static unsigned add_instead(void)
{
    g_auto(GStrv) names = g_strsplit_set(instead, ", ", -1);
    unsigned n_names = 0;

    for (char **name = names; *name != NULL; name++)
        if (**name != '\0') {
            add(*name);
            n_names++;
        }
    return n_names;
}

void fp_details_begin_file(void)
{
    if (details == NULL)
        details = g_array_new(FALSE, FALSE, sizeof(int));
    g_array_set_size(details, 0);
    is_table_due = add_instead() == 0;
}

const GArray *fp_details(void)
{
    /* Not before they are needed: looking up a field of Diameter has Wireshark load that protocol's dictionary, which is an eighth of all
     * that tshark does before it reads. */
    for (unsigned i = 0; is_table_due && i < n_rows; i++)
        add(rows[i].field);
    is_table_due = false;
    return details;
}
