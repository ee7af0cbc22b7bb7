/* Lays out, initialises and finds the parameters of a network. */
#include "kernels/model/parameters.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"

struct parameters parameters_make(struct session *session, const char *network)
{
    return (struct parameters){.network = network, .session = session};
}

static struct parameter *add_row(struct parameters *p, struct weight *weight, const char *layer,
                                 const char *part, struct initialisation initial)
{
    p->table = reallocate_or_die(p->table, (size_t)p->count + 1, sizeof p->table[0]);
    struct parameter *row = &p->table[p->count++];
    *row = (struct parameter){.weight = weight, .initial = initial};
    row->name = text_or_die("%s.%s.%s", p->network, layer, part);
    return row;
}

/* Trained parameters begin at multiples of so many reals: matrix products are slower otherwise. The gaps
 * between them stay 0. */
enum { ALIGNMENT = 16 };

void parameters_declare(struct parameters *p, struct weight *weight, const char *layer, const char *part,
                        struct initialisation initial, int size0, int size1, int size2)
{
    struct parameter *row = add_row(p, weight, layer, part, initial);
    int sizes[PARAMETER_RANK_MAX] = {size0, size1, size2};
    row->count = 1;
    for (; row->rank < PARAMETER_RANK_MAX && sizes[row->rank]; row->rank++) {
        row->shape[row->rank] = (size_t)sizes[row->rank];
        row->count *= (size_t)sizes[row->rank];
    }
    row->offset = p->trained;
    p->trained += (row->count + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

void parameters_declare_statistic(struct parameters *p, struct weight *weight, const char *layer,
                                  const char *part, struct initialisation initial, int size)
{
    struct parameter *row = add_row(p, weight, layer, part, initial);
    row->statistic = true;
    row->rank = 1;
    row->shape[0] = row->count = (size_t)size;
    row->offset = p->statistics;
    p->statistics += row->count;
}

void parameters_allocate_or_die(struct parameters *p, bool training)
{
    const struct ops *ops = p->session->ops;
    p->values = session_memory_or_die(p->session, p->trained);
    p->running = session_memory_or_die(p->session, p->statistics + 1);
    if (training) {
        p->gradients = session_memory_or_die(p->session, p->trained);
        p->moment1 = session_memory_or_die(p->session, p->trained);
        p->moment2 = session_memory_or_die(p->session, p->trained);
    }
    for (int i = 0; i < p->count; i++) {
        struct parameter *row = &p->table[i];
        row->weight->value = ops->at(row->statistic ? p->running : p->values, row->offset);
        if (training && !row->statistic) row->weight->gradient = ops->at(p->gradients, row->offset);
    }
}

static double random_value(struct initialisation initial, struct random_key key, size_t i)
{
    uint32_t bits[4];
    float normal[4];
    switch (initial.kind) {
    case INITIAL_ZERO: return 0;
    case INITIAL_ONE: return 1;
    case INITIAL_UNIFORM:
        random_block(key, (uint32_t)(i / 4), bits);
        return (2 * (double)random_uniform(bits[i % 4]) - 1) * initial.scale;
    case INITIAL_NORMAL:
    case INITIAL_UNIT: break;
    }
    random_normal_block(key, (uint32_t)(i / 4), normal);
    return (double)normal[i % 4] * (initial.kind == INITIAL_UNIT ? 1 : initial.scale);
}

static void scale_to_unit(real *values, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++) sum += (double)values[i] * (double)values[i];
    for (size_t i = 0; i < count; i++) values[i] = (real)((double)values[i] / sqrt(sum));
}

void parameter_fill(struct parameters *p, int index, struct initialisation initial, uint64_t seed)
{
    struct parameter *row = &p->table[index];
    /* A stream of its own for each name (FNV-1a), so that adding a layer does not change the others. */
    uint32_t hash = 2166136261u;
    for (const char *c = row->name; *c; c++) hash = (hash ^ (uint8_t)*c) * 16777619u;
    struct random_key key = random_key_make(seed, PURPOSE_INITIAL, hash);
    real *values = allocate_or_die(row->count, sizeof values[0]);
    for (size_t i = 0; i < row->count; i++) values[i] = (real)random_value(initial, key, i);
    if (initial.kind == INITIAL_UNIT) scale_to_unit(values, row->count);
    p->session->ops->upload(row->weight->value, values, row->count);
    free(values);
}

void parameters_initialise(struct parameters *p, uint64_t seed)
{
    for (int i = 0; i < p->count; i++) parameter_fill(p, i, p->table[i].initial, seed);
}

int parameters_find(const struct parameters *p, const char *name)
{
    for (int i = 0; i < p->count; i++) {
        if (!strcmp(p->table[i].name, name)) return i;
    }
    return -1;
}

void parameters_free(struct parameters *p)
{
    for (int i = 0; i < p->count; i++) free(p->table[i].name);
    free(p->table);
    p->table = NULL;
    p->count = 0;
}
