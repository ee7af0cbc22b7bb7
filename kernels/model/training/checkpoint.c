/* Writes, finds, removes and reads checkpoints. */
#include "kernels/model/training/checkpoint.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/fail.h"
#include "common/memory.h"

static const char *const network_names[NETWORKS] = {"generator", "discriminator"};

/* A flat block of the run's state beside the model: moments, gradients, sums of losses. */
struct state_block {
    device values;
    size_t count;
    char name[48];
};

enum { STATE_BLOCKS = 3 * NETWORKS + 1 };

/* Both moments of both networks; inside an epoch also the gradients and the sums of losses, which are zero at
 * an epoch's end. Returns how many blocks. */
static int state_blocks(const struct step *step, bool inside, struct state_block blocks[STATE_BLOCKS])
{
    int count = 0;
    for (int network = 0; network < NETWORKS; network++) {
        const struct parameters *p = &step->model->parameters[network];
        const struct {
            const char *name;
            device values;
        } parts[] = {{"moment1", p->moment1}, {"moment2", p->moment2}, {"gradients", p->gradients}};
        for (int i = 0; i < (inside ? 3 : 2); i++) {
            struct state_block *block = &blocks[count++];
            *block = (struct state_block){.values = parts[i].values, .count = p->trained};
            snprintf(block->name, sizeof block->name, "%s.%s", network_names[network], parts[i].name);
        }
    }
    if (inside) blocks[count++] = (struct state_block){step->losses.cells, LOSSES, "losses"};
    return count;
}

static void write_counters(struct writer *writer, const struct counters *counters)
{
    int64_t value;
    struct record record = {.element = ELEMENT_I8, .rank = 1, .shape = {1}, .count = 1, .data = &value};
    record_set_fact(&record, "kind", "counter");
#define WRITE(NAME)                                                                                          \
    value = counters->NAME;                                                                                  \
    record_set_fact(&record, "name", #NAME);                                                                 \
    writer_put_or_die(writer, &record);
    COUNTERS(WRITE)
#undef WRITE
    free(record.facts);
}

static bool take_counter(struct counters *counters, const struct record *record)
{
    char *name = record_fact(record, "name");
    bool taken = false;
    if (name && record->element == ELEMENT_I8 && record->count == 1) {
#define TAKE(NAME)                                                                                           \
    if (!strcmp(name, #NAME)) counters->NAME = *(const int64_t *)record->data, taken = true;
        COUNTERS(TAKE)
#undef TAKE
    }
    free(name);
    return taken;
}

void checkpoint_folder_or_die(const char *folder)
{
    if (!*folder) die("the folder of checkpoints has no name");
    char *path = text_or_die("%s/", folder);
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(path, 0777) && errno != EEXIST)
            die("%s: cannot make the folder: %s", path, strerror(errno));
        *slash = '/';
    }
    free(path);
}

/* Epoch and batch in a file's name. */
struct place {
    long epoch, batch;
};

static bool parse_name(const char *name, struct place *place)
{
    char rest;
    int used = 0;
    *place = (struct place){0};
    if (sscanf(name, "checkpoint-%ld.tensors%n%c", &place->epoch, &used, &rest) == 1 && used) return true;
    used = 0;
    return sscanf(name, "checkpoint-%ld-%ld.tensors%n%c", &place->epoch, &place->batch, &used, &rest) == 2 &&
           used;
}

static int newer_first(const struct dirent **a, const struct dirent **b)
{
    struct place x, y;
    parse_name((*a)->d_name, &x);
    parse_name((*b)->d_name, &y);
    if (x.epoch != y.epoch) return x.epoch < y.epoch ? 1 : -1;
    return (x.batch < y.batch) - (x.batch > y.batch);
}

static int is_checkpoint(const struct dirent *entry)
{
    struct place place;
    return parse_name(entry->d_name, &place);
}

/* Removes all checkpoints but the newest `keep`. */
static void remove_old(const char *folder, int keep)
{
    struct dirent **entries;
    int count = scandir(folder, &entries, is_checkpoint, newer_first);
    for (int i = 0; i < count; i++) {
        char *path = text_or_die("%s/%s", folder, entries[i]->d_name);
        if (keep > 0 && i >= keep && unlink(path)) warn("%s: cannot be removed: %s", path, strerror(errno));
        free(path);
        free(entries[i]);
    }
    if (count >= 0) free(entries);
}

char *checkpoint_write_or_die(const char *folder, const struct step *step, const char *facts, int keep)
{
    const struct counters *counters = step->counters;
    bool inside = counters->batch > 0;
    char *path = inside ? text_or_die("%s/checkpoint-%06ld-%06ld.tensors", folder, (long)counters->epoch,
                                      (long)counters->batch)
                        : text_or_die("%s/checkpoint-%06ld.tensors", folder, (long)counters->epoch);
    struct state_block blocks[STATE_BLOCKS];
    int count = state_blocks(step, inside, blocks);
    struct writer *writer = writer_open_or_die(path);
    model_write_config_or_die(writer, step->model, facts);
    model_write_parameters_or_die(writer, step->model);
    for (int i = 0; i < count; i++)
        write_values_or_die(writer, step->model->session.ops, blocks[i].values, "state", blocks[i].name, 1,
                            &blocks[i].count);
    write_counters(writer, counters);
    writer_close_or_die(writer);
    remove_old(folder, keep);
    return path;
}

/* Whether the stream at the path ends in an end record, which its writer writes last. */
static bool is_whole(const char *path)
{
    char tail[129] = {0};
    FILE *file = fopen(path, "rb");
    if (!file) return false;
    bool whole = !fseek(file, -128, SEEK_END) && fread(tail, 1, 128, file) == 128;
    fclose(file);
    for (int i = 0; i < 128; i++) tail[i] = tail[i] ? tail[i] : ' ';
    return whole && strstr(tail, "kind=end");
}

char *checkpoint_newest(const char *folder)
{
    struct dirent **entries;
    char *newest = NULL;
    int count = scandir(folder, &entries, is_checkpoint, newer_first);
    for (int i = 0; i < count; i++) {
        char *path = newest ? NULL : text_or_die("%s/%s", folder, entries[i]->d_name);
        if (path && is_whole(path)) {
            newest = path;
        } else {
            if (path) warn("%s: cut short, looking for an older one", path);
            free(path);
        }
        free(entries[i]);
    }
    if (count >= 0) free(entries);
    return newest;
}

void checkpoint_none_later_or_die(const char *folder, const struct counters *counters)
{
    struct dirent **entries;
    struct place latest = {0};
    int count = scandir(folder, &entries, is_checkpoint, newer_first);
    if (count > 0) parse_name(entries[0]->d_name, &latest);
    if (latest.epoch > counters->epoch || (latest.epoch == counters->epoch && latest.batch > counters->batch))
        die("%s: already has %s: --resume goes on from there, -o takes another folder", folder,
            entries[0]->d_name);
    for (int i = 0; i < count; i++) free(entries[i]);
    if (count >= 0) free(entries);
}

char *checkpoint_of_epoch(const char *folder, int epoch)
{
    char *path = text_or_die("%s/checkpoint-%06d.tensors", folder, epoch);
    if (is_whole(path)) return path;
    free(path);
    return NULL;
}

static bool take_state(struct reader *reader, struct record *record, const struct step *step, bool lenient)
{
    struct state_block blocks[STATE_BLOCKS];
    char *name = record_fact(record, "name");
    bool taken = false;
    int count = state_blocks(step, true, blocks);
    for (int i = 0; name && i < count; i++) {
        if (strcmp(name, blocks[i].name)) continue;
        taken = true;
        if (lenient && !strncmp(name, "discriminator.", strlen("discriminator."))) continue;
        if (record->count != blocks[i].count) reader_die(reader, "%s: not the configuration's size", name);
        upload_floats(step->model->session.ops, blocks[i].values, reader_finite_or_die(reader, record),
                      record->count);
    }
    free(name);
    return taken;
}

void checkpoint_read_or_die(const char *path, struct step *step, bool lenient)
{
    struct model *m = step->model;
    struct record record = {0};
    struct reader *reader = reader_open_or_die(path);
    int rows = m->parameters[GENERATOR].count + m->parameters[DISCRIMINATOR].count;
    bool *found = allocate_or_die((size_t)rows + 1, sizeof found[0]);
    int states = 0, counters = 0;
    while (reader_next_or_die(reader, &record)) {
        if (record_is(&record, "state"))
            states += take_state(reader, &record, step, lenient);
        else if (record_is(&record, "counter"))
            counters += take_counter(step->counters, &record);
        else if (!record_is(&record, "config"))
            model_take_parameter_or_die(m, reader, &record, found, lenient);
    }
#define COUNT(NAME) +1
    if (states < 2 * NETWORKS || counters != COUNTERS(COUNT)) reader_die(reader, "a model, not a checkpoint");
#undef COUNT
    int initialised = model_complete_or_die(m, reader, found, lenient, (uint64_t)step->counters->seed);
    if (lenient) {
        warn("%s: discriminator loaded, %d tensors initialised, its optimiser starts again", path,
             initialised);
        step->counters->discriminator_updates = 0;
    }
    reader_close(reader);
    record_free(&record);
    free(found);
}
