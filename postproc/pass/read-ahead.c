/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * read-ahead.c - see read-ahead.h.
 *
 * Files stand in the order in which they will be taken. A thread that is free does the next piece of work: it opens a file, or reads a
 * block of the first file of which no other thread reads one and for which there is memory. The pass takes blocks of the first file; when
 * there is none, and another thread is about to bring one, it does a piece of work itself. Going to sleep and waking up takes as long as
 * reading half a block of a plain file, so a thread that had to wait for one is woken only when there are some.
 *
 * All that several threads use is guarded by lock. A file that is busy belongs to the thread that works on it. Locks and threads are
 * POSIX's, of which ThreadSanitizer knows what they mean.
 */
#include "read-ahead.h"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include "ahead-block.h"
#include "capture/capture-internal.h"

#define PER_THREAD_BYTES ((uint64_t)256 << 20)
#define IN_ALL_BYTES ((uint64_t)1 << 30)

/* So many blocks of a plain file are enough: reading it is hardly ever slower than taking it. The file that is taken may have as many even
 * when there is no memory left. */
#define BLOCKS_OF_PLAIN 8U
#define SOME (BLOCKS_OF_PLAIN / 2)

/* A block of the file that is taken is decoded when so many others wait. Otherwise reading is slower than taking, even without it. */
#define BEHIND 3U

/* What a block with room for few records takes, and what one may take to be used again. */
#define BLOCK_BYTES (FP_BLOCK_BYTES * 3 / 2)
#define BLOCK_BYTES_MAX (8 * FP_BLOCK_BYTES)

typedef struct {
    char *path, *shown;
    bool pcapng_by_wiretap;
    FpCapture *capture; /* NULL: not opened yet, or is_refused */
    bool is_owned;      /* nobody else closes capture */
    bool is_busy;       /* a thread opens it, or reads a block of it */
    bool is_refused;    /* it cannot be read ahead */
    bool is_over;       /* nothing more is to be read of it */
    FpAheadBlock *first, *last;
    unsigned n_full; /* blocks from first to last */
    unsigned room;   /* records that its blocks have room for */
} File;

struct FpReadAhead {
    const FpStreams *streams;
    uint64_t memory_bytes;
    pthread_t *threads;
    unsigned n_threads, n_threads_max; /* besides that of the pass */
    pthread_mutex_t lock;
    pthread_cond_t work;  /* there may be some for threads that sleep: */
    pthread_cond_t ready; /* what the pass waits for may have come */
    unsigned n_asleep;
    bool is_pass_asleep;
    unsigned wanted; /* blocks that there should be of the file that is taken before the pass wakes */
    bool is_ending;
    GQueue files; /* of File, in order */
    FpAheadBlock *free;
    uint64_t bytes; /* all blocks */
    unsigned n_given_back;
    File *taken; /* the first of files, from fp_read_ahead_begin to fp_read_ahead_end; NULL: none */
    /* the pass's own */
    FpAheadBlock *block; /* being taken; NULL: none */
    int n_lent;          /* of its records */
};

unsigned fp_read_ahead_threads_default(void)
{
    return MIN(g_get_num_processors(), FP_READ_AHEAD_THREADS_MAX);
}

uint64_t fp_read_ahead_memory_default(unsigned threads)
{
    const uint64_t machine = (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE);

    return MIN(MIN(threads * PER_THREAD_BYTES, IN_ALL_BYTES), machine / 4);
}

static File *new_file(FpCapture *capture)
{
    File *file = g_new0(File, 1);

    *file = (File){.capture = capture, .room = FP_AHEAD_ROOM_MIN};
    return file;
}

/* Notes that a capture is read by several threads from now on. */
static void mark(FpCapture *capture)
{
    capture->is_read_ahead = true;
    capture->bytes_taken = capture->bytes_read;
}

static void count_bytes(FpReadAhead *ahead, uint64_t before, uint64_t now)
{
    ahead->bytes += now - before;
}

/* Puts a block where the next that needs one finds it: the one used last, whose memory is at hand, comes first. */
static void give_back(FpReadAhead *ahead, FpAheadBlock *block)
{
    const size_t bytes = fp_ahead_block_bytes(block);

    fp_ahead_block_clear(block);
    if (bytes > BLOCK_BYTES_MAX) {
        count_bytes(ahead, bytes, 0);
        fp_ahead_block_free(block);
        return;
    }
    block->next = ahead->free;
    ahead->free = block;
}

static void give_back_all(FpReadAhead *ahead, File *file)
{
    while (file->first != NULL) {
        FpAheadBlock *block = file->first;
        file->first = block->next;
        give_back(ahead, block);
    }
    file->n_full = 0;
}

/* Forgets the first file, which must not be busy. */
static void drop_first(FpReadAhead *ahead)
{
    File *file = g_queue_pop_head(&ahead->files);

    give_back_all(ahead, file);
    if (file->is_owned)
        fp_capture_close(file->capture);
    g_free(file->path);
    g_free(file->shown);
    g_free(file);
}

static FpAheadBlock *take_free(FpReadAhead *ahead)
{
    FpAheadBlock *block = ahead->free;

    ahead->free = block->next;
    block->next = NULL;
    return block;
}

/* Frees blocks that lie about while all together take too much: some grow when they are used again. */
static void trim(FpReadAhead *ahead)
{
    while (ahead->bytes > ahead->memory_bytes && ahead->free != NULL) {
        FpAheadBlock *block = take_free(ahead);
        count_bytes(ahead, fp_ahead_block_bytes(block), 0);
        fp_ahead_block_free(block);
    }
}

/* Whether there is memory for another block of a file. */
static bool has_memory(const FpReadAhead *ahead, const File *file)
{
    return ahead->free != NULL || ahead->bytes + BLOCK_BYTES <= ahead->memory_bytes ||
           (file == ahead->taken && file->n_full < BLOCKS_OF_PLAIN);
}

static FpAheadBlock *get_block(FpReadAhead *ahead)
{
    if (ahead->free != NULL)
        return take_free(ahead);
    FpAheadBlock *block = fp_ahead_block_new();
    count_bytes(ahead, 0, fp_ahead_block_bytes(block));
    return block;
}

/* Whether another block of an open file is to be read. */
static bool wants_block(const FpReadAhead *ahead, const File *file)
{
    return !file->is_over && (fp_capture_is_compressed(file->capture) || file->n_full < BLOCKS_OF_PLAIN) && has_memory(ahead, file);
}

/* The first file that there is something to do for; NULL: none. */
static File *find_work(const FpReadAhead *ahead)
{
    unsigned n = 2 * (ahead->n_threads_max + 1); /* no more files are open at once */

    for (GList *link = ahead->files.head; link != NULL && n > 0; link = link->next, n--) {
        File *file = link->data;
        if (!file->is_busy && !file->is_refused && (file->capture == NULL || wants_block(ahead, file)))
            return file;
    }
    return NULL;
}

typedef struct {
    File *file;          /* NULL: there is nothing to do */
    FpAheadBlock *block; /* to be filled; NULL: the file is to be opened */
    bool is_decoded;     /* the block is to be decoded */
} Work;

/* Whether the next block of a file is to be decoded. Of a plain file it is not: the short way of the pass (decode/plain.h) costs less than
 * to write down segments and have another core fetch them. */
static bool is_decoded_ahead(const FpReadAhead *ahead, const File *file)
{
    return ahead->streams != NULL && fp_capture_is_compressed(file->capture) && (file != ahead->taken || file->n_full >= BEHIND);
}

/* Chooses what to do next, and notes that it is being done. */
static Work choose(FpReadAhead *ahead)
{
    trim(ahead);
    Work work = {.file = find_work(ahead)};
    if (work.file == NULL)
        return work;
    work.file->is_busy = true;
    if (work.file->capture != NULL)
        work.block = get_block(ahead);
    work.is_decoded = work.block != NULL && is_decoded_ahead(ahead, work.file);
    return work;
}

/* Wakes the pass if what it waits for is there; file: what has just been worked on. */
static void wake_pass(FpReadAhead *ahead, const File *file)
{
    if (ahead->is_pass_asleep && (ahead->wanted == 0 || (file == ahead->taken && (file->n_full >= ahead->wanted || file->is_over))))
        pthread_cond_signal(&ahead->ready);
}

/* Has a thread that sleeps look for work, if there is some. */
static void wake_one(FpReadAhead *ahead)
{
    if (ahead->n_asleep > 0 && find_work(ahead) != NULL)
        pthread_cond_signal(&ahead->work);
}

static FpCapture *open_file(const File *file)
{
    FpCapture *capture = fp_capture_open_ahead(file->path, file->shown, file->pcapng_by_wiretap);

    if (capture != NULL)
        mark(capture);
    return capture;
}

/* Adds a block that was filled to its file. */
static void add(File *file, FpAheadBlock *block)
{
    if (file->first == NULL)
        file->first = block;
    else
        file->last->next = block;
    file->last = block;
    file->n_full++;
    file->is_over |= block->n <= 0;
    if (block->n > 0 && (unsigned)block->n == block->room)
        file->room = MIN(block->room * 2, FP_AHEAD_ROOM_MAX);
}

/* Does what was chosen; releases the lock meanwhile. */
static void carry_out(FpReadAhead *ahead, const Work *work)
{
    File *file = work->file;
    FpAheadBlock *block = work->block;
    const size_t before = block != NULL ? fp_ahead_block_bytes(block) : 0;
    FpCapture *opened = NULL;

    pthread_mutex_unlock(&ahead->lock);
    if (block == NULL)
        opened = open_file(file);
    else
        fp_ahead_block_fill(block, file->capture, file->room, ahead->streams != NULL);
    if (work->is_decoded)
        fp_ahead_block_decode(block, ahead->streams);
    pthread_mutex_lock(&ahead->lock);
    if (block == NULL) {
        file->capture = opened;
        file->is_owned = opened != NULL;
        file->is_refused = opened == NULL;
    } else {
        count_bytes(ahead, before, fp_ahead_block_bytes(block));
        add(file, block);
    }
    file->is_busy = false;
    wake_pass(ahead, file);
}

static void *help(void *user)
{
    FpReadAhead *ahead = user;

    pthread_mutex_lock(&ahead->lock);
    while (!ahead->is_ending) {
        Work work = choose(ahead);
        if (work.file != NULL) {
            wake_one(ahead); /* there may be more to do, and if not, it sleeps again */
            carry_out(ahead, &work);
            continue;
        }
        ahead->n_asleep++;
        pthread_cond_wait(&ahead->work, &ahead->lock);
        ahead->n_asleep--;
    }
    pthread_mutex_unlock(&ahead->lock);
    return NULL;
}

FpReadAhead *fp_read_ahead_new(unsigned threads, uint64_t memory_bytes, const FpStreams *streams)
{
    FpReadAhead *ahead = g_new0(FpReadAhead, 1);

    ahead->streams = streams;
    ahead->memory_bytes = memory_bytes != 0 ? memory_bytes : fp_read_ahead_memory_default(threads);
    ahead->n_threads_max = MAX(threads, 2U) - 1;
    ahead->threads = g_new0(pthread_t, ahead->n_threads_max);
    pthread_mutex_init(&ahead->lock, NULL);
    pthread_cond_init(&ahead->work, NULL);
    pthread_cond_init(&ahead->ready, NULL);
    g_queue_init(&ahead->files);
    return ahead;
}

/* Starts another thread, as there is one more file. If none can be started, there are fewer, and the pass does what is to be done. */
static void start_thread(FpReadAhead *ahead)
{
    sigset_t all, before;

    if (ahead->n_threads == ahead->n_threads_max)
        return;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before); /* signals are for the main thread */
    if (pthread_create(&ahead->threads[ahead->n_threads], NULL, help, ahead) == 0)
        ahead->n_threads++;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

void fp_read_ahead_free(FpReadAhead *ahead)
{
    if (ahead == NULL)
        return;
    if (ahead->taken != NULL)
        fp_read_ahead_end(ahead);
    pthread_mutex_lock(&ahead->lock);
    ahead->is_ending = true;
    pthread_cond_broadcast(&ahead->work);
    pthread_mutex_unlock(&ahead->lock);
    for (unsigned i = 0; i < ahead->n_threads; i++)
        pthread_join(ahead->threads[i], NULL);
    while (!g_queue_is_empty(&ahead->files))
        drop_first(ahead);
    while (ahead->free != NULL) {
        FpAheadBlock *block = ahead->free;
        ahead->free = block->next;
        fp_ahead_block_free(block);
    }
    pthread_mutex_destroy(&ahead->lock);
    pthread_cond_destroy(&ahead->work);
    pthread_cond_destroy(&ahead->ready);
    g_free(ahead->threads);
    g_free(ahead);
}

void fp_read_ahead_expect(FpReadAhead *ahead, const char *path, const char *shown, bool pcapng_by_wiretap)
{
    File *file = new_file(NULL);

    file->path = g_strdup(path);
    file->shown = g_strdup(shown);
    file->pcapng_by_wiretap = pcapng_by_wiretap;
    pthread_mutex_lock(&ahead->lock);
    g_queue_push_tail(&ahead->files, file);
    wake_one(ahead);
    pthread_mutex_unlock(&ahead->lock);
    start_thread(ahead);
}

/* Has the pass sleep until something may have come. wanted: blocks of the file that is taken; 0: anything. */
static void sleep_until(FpReadAhead *ahead, unsigned wanted)
{
    ahead->wanted = wanted;
    ahead->is_pass_asleep = true;
    pthread_cond_wait(&ahead->ready, &ahead->lock);
    ahead->is_pass_asleep = false;
}

/* Waits until no thread works on a file any more. Nothing new is begun meanwhile. */
static void stop_work(FpReadAhead *ahead, File *file)
{
    file->is_over = file->is_refused = true;
    while (file->is_busy)
        sleep_until(ahead, 0);
}

/* Returns the capture of the first file, if it has been opened. Otherwise forgets it. */
static FpCapture *take_first(FpReadAhead *ahead, bool pcapng_by_wiretap)
{
    File *file = g_queue_peek_head(&ahead->files);

    while (file->is_busy && file->capture == NULL)
        sleep_until(ahead, 0);
    if (file->capture != NULL && file->pcapng_by_wiretap == pcapng_by_wiretap) {
        file->is_owned = false;
        return file->capture;
    }
    stop_work(ahead, file);
    drop_first(ahead);
    return NULL;
}

FpCapture *fp_read_ahead_open(FpReadAhead *ahead, const char *path, bool pcapng_by_wiretap)
{
    FpCapture *capture = NULL;
    File *file;

    pthread_mutex_lock(&ahead->lock);
    while ((file = g_queue_peek_head(&ahead->files)) != NULL && g_strcmp0(file->path, path) != 0) {
        stop_work(ahead, file);
        drop_first(ahead);
    }
    if (file != NULL)
        capture = take_first(ahead, pcapng_by_wiretap);
    pthread_mutex_unlock(&ahead->lock);
    return capture;
}

void fp_read_ahead_skip(FpReadAhead *ahead, const char *path)
{
    pthread_mutex_lock(&ahead->lock);
    File *file = g_queue_peek_head(&ahead->files);
    if (file != NULL && g_strcmp0(file->path, path) == 0) {
        stop_work(ahead, file);
        drop_first(ahead);
    }
    pthread_mutex_unlock(&ahead->lock);
}

bool fp_read_ahead_begin(FpReadAhead *ahead, FpCapture *capture)
{
    if (capture->reader->swap_buffer == NULL || capture->file_bytes < 0)
        return false;
    pthread_mutex_lock(&ahead->lock);
    File *file = g_queue_peek_head(&ahead->files);
    bool is_new = file == NULL || file->capture != capture;
    if (is_new) {
        mark(capture);
        file = new_file(capture);
        g_queue_push_head(&ahead->files, file);
    }
    ahead->taken = file;
    wake_one(ahead);
    pthread_mutex_unlock(&ahead->lock);
    if (is_new)
        start_thread(ahead);
    return true;
}

/* Returns the next block of the file that is taken, once it has been read. */
static FpAheadBlock *next_block(FpReadAhead *ahead)
{
    File *file = ahead->taken;
    const unsigned wanted = fp_capture_is_compressed(file->capture) ? 1 : SOME;

    pthread_mutex_lock(&ahead->lock);
    while (file->n_full == 0) {
        Work work = choose(ahead);
        if (work.file == file)
            work.is_decoded = false; /* the pass does that itself */
        if (work.file != NULL)
            carry_out(ahead, &work);
        while (work.file == NULL && file->is_busy && file->n_full < wanted)
            sleep_until(ahead, wanted);
    }
    FpAheadBlock *block = file->first;
    file->first = block->next;
    file->n_full--;
    if (file->n_full <= SOME)
        wake_one(ahead);
    pthread_mutex_unlock(&ahead->lock);
    return block;
}

/* Ends what was lent with the last read. */
static void leave(FpReadAhead *ahead)
{
    FpAheadBlock *block = ahead->block;
    FpCapture *capture = ahead->taken->capture;

    if (block == NULL || ahead->n_lent == 0)
        return;
    const FpRecord *last = &block->records[ahead->n_lent - 1];
    if (last->kind != FP_RECORD_FRAME && capture->reader->learn != NULL)
        capture->reader->learn(capture, last);
    if (ahead->n_lent < block->n)
        return;
    pthread_mutex_lock(&ahead->lock);
    give_back(ahead, block);
    if (++ahead->n_given_back % BLOCKS_OF_PLAIN == 0)
        wake_one(ahead); /* there may be memory for another file again */
    pthread_mutex_unlock(&ahead->lock);
    ahead->block = NULL;
    ahead->n_lent = 0;
}

static const uint8_t *end_of(const FpRecord *record)
{
    return record->raw + record->raw_bytes;
}

/* How many records to lend: a record that is not a frame comes alone. */
static int n_to_lend(const FpAheadBlock *block, int from, int max)
{
    const FpRecord *records = block->records + from;
    int n = MIN(max, block->n - from);

    if (!block->has_others)
        return n;
    if (records[0].kind != FP_RECORD_FRAME)
        return 1;
    for (int i = 1; i < n; i++)
        if (records[i].kind != FP_RECORD_FRAME)
            return i;
    return n;
}

int fp_read_ahead_read(FpReadAhead *ahead, int max, const FpRecord **records, FpDecodedRecord **pending, GError **error)
{
    FpCapture *capture = ahead->taken->capture;

    leave(ahead);
    if (ahead->block == NULL)
        ahead->block = next_block(ahead);
    FpAheadBlock *block = ahead->block;
    capture->bytes_taken = block->bytes_read;
    if (block->n <= 0) {
        if (block->error != NULL)
            g_propagate_error(error, g_steal_pointer(&block->error));
        return block->n;
    }
    const int n = n_to_lend(block, ahead->n_lent, max);
    *records = block->records + ahead->n_lent;
    *pending = block->is_decoded ? block->pending + ahead->n_lent : NULL;
    ahead->n_lent += n;
    if (!capture->is_compressed)
        capture->bytes_taken -= (uint64_t)(end_of(&block->records[block->n - 1]) - end_of(&block->records[ahead->n_lent - 1]));
    return n;
}

void fp_read_ahead_end(FpReadAhead *ahead)
{
    FpCapture *capture = ahead->taken->capture;
    const bool is_at_end = ahead->block != NULL && ahead->block->n <= 0;

    pthread_mutex_lock(&ahead->lock);
    stop_work(ahead, ahead->taken);
    if (ahead->block != NULL)
        give_back(ahead, ahead->block);
    ahead->taken->is_owned = false;
    drop_first(ahead);
    ahead->taken = NULL;
    pthread_cond_broadcast(&ahead->work);
    pthread_mutex_unlock(&ahead->lock);
    ahead->block = NULL;
    ahead->n_lent = 0;
    capture->bytes_read = capture->bytes_taken;
    if (!is_at_end)
        g_clear_pointer(&capture->cut, g_free);
}
