/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-inbox.c - which files of a folder are finished, in which order, and what becomes of those that cannot be looked at. */
#include <errno.h>
#include <glib.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "arrivals.h"
#include "base/error.h"
#include "base/journal.h"
#include "base/notify.h"
#include "spool/inbox.h"

#define HIDDEN_S 10 /* for so long a hidden file may be renamed */

static unsigned n_signs; /* of life */

/* Stands in libc's place. */
ssize_t sendto(int fd, const void *buf, size_t n, int flags, __CONST_SOCKADDR_ARG addr, socklen_t addr_len)
{
    (void)fd;
    (void)flags;
    (void)addr;
    (void)addr_len;
    n_signs++;
    g_assert_cmpint(strncmp(buf, "WATCHDOG=1", 10), ==, 0);
    return (ssize_t)n;
}

static FpInbox *new_inbox(const char *match, bool identifies)
{
    g_autofree char *folder = in_tree("in");

    return fp_inbox_new(&(FpInboxOptions){.folder = folder, .match = match, .unchanged_s = 30, .identifies = identifies});
}

static FpInbox *begin(const char *match, bool identifies)
{
    begin_world();
    n_signs = 0;
    return new_inbox(match, identifies);
}

static void end(FpInbox *inbox)
{
    fp_inbox_free(inbox);
    end_tree();
}

static char *names_of(const GPtrArray *arrivals)
{
    GString *names = g_string_new("");

    for (guint i = 0; i < arrivals->len; i++)
        g_string_append_printf(names, "%s%s", i > 0 ? " " : "", ((const FpArrival *)g_ptr_array_index(arrivals, i))->name);
    return g_string_free(names, FALSE);
}

/* Looks, and finds these files finished. */
static void check_with(FpInbox *inbox, const GArray *seen, const char *expected)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) arrivals = fp_inbox_finished(inbox, seen, &error);

    g_assert_no_error(error);
    g_assert_nonnull(arrivals);
    g_autofree char *names = names_of(arrivals);
    g_assert_cmpstr(names, ==, expected);
}

static void check(FpInbox *inbox, const char *expected)
{
    check_with(inbox, NULL, expected);
}

static int compare_text(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* These are pending, by name. */
static void check_pending(FpInbox *inbox, const char *expected)
{
    g_autofree char *names = names_of(fp_inbox_pending(inbox));
    g_auto(GStrv) list = g_strsplit(names, " ", -1);

    qsort(list, g_strv_length(list), sizeof list[0], compare_text);
    g_autofree char *sorted = g_strjoinv(" ", list);
    g_assert_cmpstr(sorted, ==, expected);
}

static void check_fails(FpInbox *inbox, const char *name, int its_failure)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = in_inbox(name), *says = g_strdup_printf("%s: cannot be read: %s", path, g_strerror(its_failure));

    g_assert_null(fp_inbox_finished(inbox, NULL, &error));
    g_assert_error(error, FP_ERROR, FP_ERROR_NO_INPUT);
    g_assert_cmpstr(error->message, ==, says);
    g_assert_null(fp_inbox_present(inbox));
}

static void test_order_and_names(void)
{
    FpInbox *inbox = begin("*.pcap", false);
    g_autofree char *fifo = in_inbox("fifo.pcap");

    g_assert_cmpint(mkfifo(fifo, 0600), ==, 0);
    make_folder("in/folder.pcap");
    make_link("in/link.pcap", "in/b10.pcap");
    make_capture("b10.pcap", 5);
    make_capture("b9.pcap", 5);
    make_capture("c.pcap", 3);
    make_capture("d.pcap", 7);
    make_capture("other", 1);
    make_capture(".hidden.txt", 1);
    check(inbox, "c.pcap b9.pcap b10.pcap d.pcap");
    check_pending(inbox, "");
    fp_inbox_free(NULL);
    end(inbox);
}

static void test_without_a_pattern(void)
{
    FpInbox *inbox = begin(NULL, false);

    make_capture("any", 5);
    make_capture(".hidden", 1);
    check(inbox, "any");
    check_pending(inbox, ".hidden"); /* it will be renamed */
    world.now_us += HIDDEN_S * G_USEC_PER_SEC - 1;
    check(inbox, "any");
    check_pending(inbox, ".hidden");
    world.now_us++;
    check(inbox, "any");
    check_pending(inbox, "");
    world.written = ".hidden";
    world.n_looks = 2;
    check(inbox, "any");
    check_pending(inbox, ".hidden");
    end(inbox);
}

static FpArrival *pending_at(FpInbox *inbox, guint i)
{
    return g_ptr_array_index(fp_inbox_pending(inbox), i);
}

/* Those that will match when they are renamed or compressed are pending, finished or not. */
static void test_names_to_come(void)
{
    FpInbox *inbox = begin("*.gz", false);

    make_capture("a.pcap", 5);
    make_capture(".b.pcap.gz.x7Kq2a", 4);
    make_capture("c.pcap.zst", 1); /* is compressed another way */
    check(inbox, "");
    check_pending(inbox, ".b.pcap.gz.x7Kq2a a.pcap");
    world.now_us += HIDDEN_S * G_USEC_PER_SEC;
    check(inbox, "");
    check_pending(inbox, "a.pcap");
    g_assert_false(pending_at(inbox, 0)->is_wanted);
    g_assert_cmpint(pending_at(inbox, 0)->ending, ==, FP_ENDING_SURE);
    fp_inbox_free(inbox);
    inbox = new_inbox("*.pcap*", false);
    make_capture(".c.pcap.x7Kq2a", 1);
    make_folder("in/.d.pcap.x7Kq2a");
    world.now_us -= HIDDEN_S * G_USEC_PER_SEC;
    check(inbox, "c.pcap.zst a.pcap");
    check_pending(inbox, ".b.pcap.gz.x7Kq2a .c.pcap.x7Kq2a");
    end(inbox);
}

static void test_written(void)
{
    FpInbox *inbox = begin("*.pcap", false);
    g_autofree char *path = in_inbox("a.pcap");

    make_capture("a.pcap", 5);
    make_capture(".b.pcap", 5);
    make_file("in/empty.pcap", "", 0);
    world.written = "a.pcap";
    world.n_looks = 1;
    check(inbox, "");
    check_pending(inbox, ".b.pcap a.pcap empty.pcap");
    g_autoptr(GPtrArray) of_it = fp_inbox_written(inbox);
    g_autofree char *names = names_of(of_it);
    g_assert_cmpstr(names, ==, "a.pcap");
    g_assert_true(((const FpArrival *)g_ptr_array_index(of_it, 0))->is_wanted);
    world.n_looks = 1;
    g_assert_cmpint(fp_inbox_ending(inbox, path), ==, FP_ENDING_WRITTEN);
    g_assert_cmpint(fp_inbox_ending(inbox, path), ==, FP_ENDING_SURE);
    check(inbox, "a.pcap");
    world.written = ".b.pcap"; /* its name does not match, yet */
    world.n_looks = 1;
    check(inbox, "a.pcap");
    g_autoptr(GPtrArray) hidden = fp_inbox_written(inbox);
    g_assert_cmpuint(hidden->len, ==, 0);
    end(inbox);
}

/* Somebody has both open: by other names of the same file. */
static void test_written_in_order(void)
{
    FpInbox *inbox = begin(NULL, false);
    g_autofree char *path = in_inbox("b.pcap"), *other = in_inbox("a.pcap"), *third = in_inbox("c10.pcap"), *fourth = in_inbox("c9.pcap");

    make_capture("b.pcap", 5);
    g_assert_cmpint(link(path, third), ==, 0);
    g_assert_cmpint(link(path, other), ==, 0);
    g_assert_cmpint(link(path, fourth), ==, 0);
    world.written = "b.pcap";
    world.n_looks = 4;
    check(inbox, "");
    g_autoptr(GPtrArray) all = fp_inbox_written(inbox);
    g_autofree char *names = names_of(all);
    g_assert_cmpstr(names, ==, "a.pcap b.pcap c9.pcap c10.pcap");
    end(inbox);
}

/* A folder is not read in one moment. */
static void test_overtaken(void)
{
    FpInbox *inbox = begin(NULL, false);

    make_capture("a.pcap", 5);
    make_capture("b.pcap", 3);
    world.written = "b.pcap";
    world.n_looks = 1; /* at the first look, and not at the second */
    check(inbox, "b.pcap a.pcap");
    make_capture("b.pcap", 5);
    world.n_looks = 1;
    check(inbox, "a.pcap b.pcap");
    make_capture("b.pcap", 6);
    world.n_looks = 1;
    check(inbox, "a.pcap"); /* the same may be true of what is older than b */
    check(inbox, "a.pcap b.pcap");
    world.n_looks = 1;
    world.written = "a.pcap";
    check(inbox, "a.pcap b.pcap");
    end(inbox);
}

static uint64_t identity(const char *name)
{
    g_autofree char *path = in_inbox(name);

    return fp_inbox_identity(path);
}

static void test_identity(void)
{
    FpInbox *inbox = begin(NULL, true);

    make_capture("a.pcap", 5);
    set_changed("a.pcap", 100);
    uint64_t first = identity("a.pcap");
    g_assert_cmpuint(first, !=, 0);
    make_capture("a.pcap", 6); /* another beginning */
    set_changed("a.pcap", 100);
    uint64_t second = identity("a.pcap");
    g_assert_cmpuint(second, !=, first);
    set_changed("a.pcap", 101);
    g_assert_cmpuint(identity("a.pcap"), !=, second);
    set_changed("a.pcap", 100);
    g_assert_cmpuint(identity("a.pcap"), ==, second);
    rename_in_tree("in/a.pcap", "in/b.pcap");
    g_assert_cmpuint(identity("b.pcap"), !=, second);
    rename_in_tree("in/b.pcap", "in/a.pcap");
    make_file("in/a.pcap", "", 0);
    set_changed("a.pcap", 100);
    g_assert_cmpuint(identity("a.pcap"), !=, second);
    g_assert_cmpuint(identity("a.pcap"), !=, 0);
    end(inbox);
}

/* 4 KiB of it count, and what comes behind does not. */
static void test_identity_of_beginning(void)
{
    FpInbox *inbox = begin(NULL, true);
    uint8_t bytes[5000] = {0};

    make_file("in/a.pcap", bytes, sizeof bytes);
    set_changed("a.pcap", 100);
    uint64_t first = identity("a.pcap");
    bytes[4096] = 1;
    make_file("in/a.pcap", bytes, sizeof bytes);
    set_changed("a.pcap", 100);
    g_assert_cmpuint(identity("a.pcap"), ==, first);
    bytes[4095] = 1;
    make_file("in/a.pcap", bytes, sizeof bytes);
    set_changed("a.pcap", 100);
    g_assert_cmpuint(identity("a.pcap"), !=, first);
    end(inbox);
}

/* What may not be opened has an identity without its beginning; what cannot be for the moment has none. */
static void test_identity_without_a_look(void)
{
    FpInbox *inbox = begin(NULL, true);

    make_capture("a.pcap", 5);
    uint64_t whole = identity("a.pcap");
    g_autofree char *path = in_inbox("a.pcap");
    errno = EMFILE; /* of before */
    g_assert_cmpuint(fp_inbox_identity(path), ==, whole);
    world.unopenable = "a.pcap";
    world.open_failure = EACCES;
    g_assert_cmpuint(identity("a.pcap"), !=, 0);
    g_assert_cmpuint(identity("a.pcap"), !=, whole);
    world.open_failure = EMFILE;
    errno = 0;
    g_assert_cmpuint(identity("a.pcap"), ==, 0);
    g_assert_cmpint(errno, ==, EMFILE);
    errno = 0;
    g_assert_cmpuint(identity("nothing"), ==, 0);
    g_assert_cmpint(errno, ==, ENOENT);
    world.unopenable = NULL;
    make_folder("in/folder");
    errno = 0;
    g_assert_cmpuint(identity("folder"), ==, 0);
    g_assert_cmpint(errno, ==, EISDIR);
    end(inbox);
}

static void test_seen(void)
{
    FpInbox *inbox = begin(NULL, true);

    make_capture("a.pcap", 5);
    make_capture("b.pcap", 6);
    make_capture("c.pcap", 7);
    world.written = "c.pcap";
    world.n_looks = 4;
    check(inbox, "a.pcap b.pcap");
    g_autoptr(GArray) present = fp_inbox_present(inbox);
    g_assert_nonnull(present);
    g_assert_cmpuint(present->len, ==, 4); /* c.pcap at both looks */
    g_autoptr(GArray) seen = g_array_new(FALSE, FALSE, sizeof(uint64_t));
    uint64_t of_a = identity("a.pcap");
    g_array_append_val(seen, of_a);
    check_with(inbox, seen, "b.pcap");
    fp_inbox_free(inbox);
    inbox = new_inbox(NULL, false); /* it does not ask for identities by itself */
    world.n_looks = 0;
    check_with(inbox, seen, "b.pcap c.pcap");
    check(inbox, "a.pcap b.pcap c.pcap");
    g_autoptr(GArray) none = fp_inbox_present(inbox);
    g_assert_cmpuint(none->len, ==, 0);
    end(inbox);
}

/* A file that cannot be opened for the moment is waited for, as others would be taken before it; at the third look no more. */
static void look_in_vain(void)
{
    FpInbox *inbox = begin(NULL, true);

    make_capture("a.pcap", 5);
    make_capture("b.pcap", 6);
    world.unopenable = "a.pcap";
    world.open_failure = EMFILE;
    check_fails(inbox, "a.pcap", EMFILE);
    check_fails(inbox, "a.pcap", EMFILE);
    check(inbox, "b.pcap");
    g_assert_null(fp_inbox_present(inbox));
    world.open_failure = 0;
    check(inbox, "a.pcap b.pcap");
    g_autoptr(GArray) present = fp_inbox_present(inbox);
    g_assert_nonnull(present);
    world.open_failure = EMFILE;
    check_fails(inbox, "a.pcap", EMFILE); /* it begins anew */
    check_fails(inbox, "a.pcap", EMFILE);
    world.unopenable = NULL;
    world.unlookable = "a.pcap";
    world.look_failure = EACCES;
    check(inbox, "b.pcap");
    end(inbox);
}

static void test_waited_for(void)
{
    if (g_test_subprocess()) {
        look_in_vain();
        return;
    }
    g_test_trap_subprocess(NULL, 0, 0);
    g_test_trap_assert_passed();
    g_test_trap_assert_stderr(
        "*/in/a.pcap: cannot be looked at, and is left out: Too many open files\n*/in/a.pcap: cannot be looked at, and "
        "is left out: Permission denied\n*");
}

/* That is no reason to wait. */
static void test_gone_meanwhile(void)
{
    FpInbox *inbox = begin(NULL, true);

    make_capture("a.pcap", 5);
    make_capture("b.pcap", 6);
    make_capture(".c.pcap", 6);
    world.unlookable = "a.pcap";
    world.look_failure = ENOENT;
    world.n_lookable = 1; /* it is there at first */
    check(inbox, "b.pcap");
    check(inbox, "b.pcap");
    g_autoptr(GArray) present = fp_inbox_present(inbox);
    g_assert_nonnull(present);
    world.look_failure = EACCES;
    check_fails(inbox, "a.pcap", EACCES);
    world.unlookable = ".c.pcap";
    check(inbox, "a.pcap b.pcap");
    check_pending(inbox, "");
    end(inbox);
}

/* One that may not be opened is taken, to be put aside. */
static void test_unreadable(void)
{
    FpInbox *inbox = begin(NULL, false);

    make_capture("a.pcap", 5);
    world.unopenable = "a.pcap";
    world.open_failure = EACCES;
    check(inbox, "");
    check_pending(inbox, "a.pcap");
    world.now_us += FP_ENDING_POLL_MS * G_GINT64_CONSTANT(1000);
    g_assert_true(fp_inbox_must_poll(inbox));
    check(inbox, "a.pcap");
    g_assert_false(fp_inbox_must_poll(inbox));
    end(inbox);
}

static void test_no_folder(void)
{
    FpInbox *inbox = begin(NULL, false);
    g_autoptr(GError) error = NULL;

    remove_from_tree("in");
    g_assert_null(fp_inbox_finished(inbox, NULL, &error));
    g_assert_error(error, FP_ERROR, FP_ERROR_NO_INPUT);
    end(inbox);
}

/* A file that has killed the watcher three times is not opened any more. */
static void test_given_up(void)
{
    FpInbox *inbox = begin(NULL, false);
    g_autofree char *path = in_inbox("a.pcap");

    make_capture("a.pcap", 5);
    world.unopenable = "a.pcap";
    for (unsigned i = 0; i < 3; i++) {
        FpAttempts *attempts = fp_attempts_open(tree, NULL);
        fp_inbox_set_attempts(inbox, attempts);
        world.n_opened = 0;
        check(inbox, "a.pcap");
        g_assert_cmpuint(world.n_opened, >, 0);
        fp_attempts_begin(attempts, path);
        fp_attempts_free(attempts);
    }
    FpAttempts *attempts = fp_attempts_open(tree, NULL);
    fp_inbox_set_attempts(inbox, attempts);
    world.n_opened = 0;
    check(inbox, "");
    check_pending(inbox, "a.pcap");
    world.now_us += FP_ENDING_POLL_MS * G_GINT64_CONSTANT(1000);
    check(inbox, "a.pcap");
    g_assert_cmpuint(world.n_opened, ==, 0);
    fp_attempts_free(attempts);
    end(inbox);
}

/* What is being compressed is as old as what it is made of. */
static void test_age_of_compressed(void)
{
    FpInbox *inbox = begin("*.gz", false);

    make_file("in/y.pcap.gz", "", 0);
    check(inbox, "");
    g_assert_true(fp_inbox_read_age(inbox, pending_at(inbox, 0)));
    g_assert_false(pending_at(inbox, 0)->age.has_first);
    make_capture("y.pcap", 5);
    check(inbox, "");
    check_pending(inbox, "y.pcap y.pcap.gz");
    FpArrival *empty = g_str_equal(pending_at(inbox, 0)->name, "y.pcap") ? pending_at(inbox, 1) : pending_at(inbox, 0);
    g_assert_true(fp_inbox_read_age(inbox, empty));
    g_assert_true(empty->age.has_first && empty->age.is_read);
    g_assert_cmpint(empty->age.first_ns, ==, G_GINT64_CONSTANT(5000000000));
    make_capture("y.pcap.gz", 8); /* it has a frame of its own */
    check(inbox, "y.pcap.gz");
    end(inbox);
}

static void test_age_of_what_it_is_made_of(void)
{
    FpInbox *inbox = begin("*.gz", false);

    make_file("in/y.pcap.gz", "", 0);
    make_file("in/y.pcap", "", 0);
    set_changed("y.pcap.gz", G_MAXINT32);
    check(inbox, "");
    FpArrival *empty = g_str_equal(pending_at(inbox, 0)->name, "y.pcap") ? pending_at(inbox, 1) : pending_at(inbox, 0);
    g_assert_true(fp_inbox_read_age(inbox, empty));
    g_assert_false(empty->age.has_first);
    g_assert_cmpint(empty->age.first_ns, ==, (int64_t)G_MAXINT32 * 1000000000); /* its own */
    make_capture("y.pcap", 5);
    check(inbox, "");
    empty = g_str_equal(pending_at(inbox, 0)->name, "y.pcap") ? pending_at(inbox, 1) : pending_at(inbox, 0);
    world.unopenable = "y.pcap";
    world.open_failure = EMFILE;
    g_assert_false(fp_inbox_read_age(inbox, empty));
    world.open_failure = 0;
    g_assert_true(fp_inbox_read_age(inbox, empty));
    g_assert_true(empty->age.has_first);
    end(inbox);
}

/* A service that reads a full folder lives: at each look through its names, and when it reads where captures begin. */
static void test_signs_of_life(void)
{
    g_setenv("NOTIFY_SOCKET", "/nowhere", TRUE);
    fp_notify_begin(); /* it stays open */
    FpInbox *inbox = begin(NULL, false);

    for (unsigned i = 0; i < 257; i++) {
        g_autofree char *name = g_strdup_printf("%u", i);
        g_autofree char *path = g_build_filename("in", name, NULL);
        make_file(path, "", 0);
        set_changed(name, 100);
    }
    g_autoptr(GPtrArray) arrivals = fp_inbox_finished(inbox, NULL, NULL);
    g_unsetenv("NOTIFY_SOCKET");
    g_assert_cmpuint(arrivals->len, ==, 257);
    g_assert_cmpuint(n_signs, ==, 6); /* two looks, and beginnings: at the first and at the 257th */
    end(inbox);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    fp_journal_begin();
    g_test_add_func("/inbox/order-and-names", test_order_and_names);
    g_test_add_func("/inbox/without-a-pattern", test_without_a_pattern);
    g_test_add_func("/inbox/names-to-come", test_names_to_come);
    g_test_add_func("/inbox/written", test_written);
    g_test_add_func("/inbox/written-in-order", test_written_in_order);
    g_test_add_func("/inbox/overtaken", test_overtaken);
    g_test_add_func("/inbox/identity", test_identity);
    g_test_add_func("/inbox/identity-of-beginning", test_identity_of_beginning);
    g_test_add_func("/inbox/identity-without-a-look", test_identity_without_a_look);
    g_test_add_func("/inbox/seen", test_seen);
    g_test_add_func("/inbox/waited-for", test_waited_for);
    g_test_add_func("/inbox/gone-meanwhile", test_gone_meanwhile);
    g_test_add_func("/inbox/unreadable", test_unreadable);
    g_test_add_func("/inbox/no-folder", test_no_folder);
    g_test_add_func("/inbox/given-up", test_given_up);
    g_test_add_func("/inbox/age-of-compressed", test_age_of_compressed);
    g_test_add_func("/inbox/age-of-what-it-is-made-of", test_age_of_what_it_is_made_of);
    g_test_add_func("/inbox/signs-of-life", test_signs_of_life);
    return g_test_run();
}
