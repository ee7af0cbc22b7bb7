/* Cases of PyTorch's numbers (written by make-numbers.py): reads them one by one, lends device memory for the
 * length of a case, and compares. Rooms for outputs are full of NaN, so that what should be overwritten must
 * be. */
#ifndef TESTS_REFERENCE_NUMBERS_H
#define TESTS_REFERENCE_NUMBERS_H

#include <stdlib.h>
#include <string.h>

#include "common/fail.h"
#include "common/memory.h"
#include "common/stream/stream.h"
#include "kernels/ops.h"
#include "tests/device.h"
#include "tests/tap.h"

/* Largest relative error; the numbers are PyTorch's in double, rounded to float. */
#ifdef REAL_IS_DOUBLE
static const double tolerance = 1e-6;
#define relative_error_real relative_error_double
#else
static const double tolerance = 1e-4;
#define relative_error_real relative_error_float
#endif

/* What gradients of parameters hold before a backward pass, which must add to them. */
static const real gradient_before = 0.5;

struct number {
    char *name;
    struct record record;
};

struct numbers {
    const struct ops *ops;
    const char *group; /* tests/reference/group.tensors */
    struct reader *reader;
    struct record head, next; /* kind=case: of this case, of the one after it */
    bool more;                /* next holds a case */
    char *name;               /* of this case */
    struct number *number;
    size_t count;
    device *memory;
    size_t memories;
};

static inline struct numbers numbers_open_or_die(const struct ops *ops, const char *group)
{
    struct numbers n = {.ops = ops, .group = group};
    char *path = text_or_die("tests/reference/%s.tensors", group);
    n.reader = reader_open_or_die(path);
    free(path);
    n.more = reader_next_or_die(n.reader, &n.next);
    return n;
}

static inline void numbers_end_case(struct numbers *n)
{
    for (size_t i = 0; i < n->count; i++) {
        free(n->number[i].name);
        record_free(&n->number[i].record);
    }
    for (size_t i = 0; i < n->memories; i++) n->ops->release(n->memory[i]);
    free(n->name);
    n->name = NULL;
    n->count = n->memories = 0;
}

static inline void numbers_close(struct numbers *n)
{
    numbers_end_case(n);
    reader_close(n->reader);
    record_free(&n->head);
    record_free(&n->next);
    free(n->number);
    free(n->memory);
}

/* Reads the next case with all its tensors, and gives back the memory of the one before; false at the end. */
static inline bool numbers_next_case(struct numbers *n)
{
    numbers_end_case(n);
    if (!n->more) return false;
    struct record swap = n->head;
    n->head = n->next;
    n->next = swap;
    n->name = record_fact(&n->head, "name");
    for (;;) {
        struct record record = {0};
        n->more = reader_next_or_die(n->reader, &record);
        if (!n->more || record_is(&record, "case")) {
            record_free(&n->next);
            n->next = record;
            return true;
        }
        n->number = reallocate_or_die(n->number, n->count + 1, sizeof n->number[0]);
        n->number[n->count++] = (struct number){record_fact(&record, "name"), record};
    }
}

static inline double numbers_setting(const struct numbers *n, const char *name)
{
    double value = record_fact_number(&n->head, name, NAN);
    if (isnan(value)) die("%s: %s: no setting %s", n->group, n->name, name);
    return value;
}

static inline int numbers_integer(const struct numbers *n, const char *name)
{
    return (int)numbers_setting(n, name);
}

/* NULL where the case has no such tensor. */
static inline const struct record *numbers_find(const struct numbers *n, const char *name)
{
    for (size_t i = 0; i < n->count; i++) {
        if (!strcmp(n->number[i].name, name)) return &n->number[i].record;
    }
    return NULL;
}

/* The values as the core's reals. Caller frees. */
static inline real *numbers_reals(const struct record *record)
{
    const float *from = record->data;
    real *to = allocate_or_die(record->count + 1, sizeof to[0]);
    for (size_t i = 0; i < record->count; i++) to[i] = (real)from[i];
    return to;
}

/* Device memory until the case's end, every real set to `value`. */
static inline device numbers_filled(struct numbers *n, size_t count, real value)
{
    real *values = allocate_or_die(count + 1, sizeof values[0]);
    for (size_t i = 0; i < count; i++) values[i] = value;
    device memory = n->ops->allocate_or_die(count);
    n->ops->upload(memory, values, count);
    free(values);
    n->memory = reallocate_or_die(n->memory, n->memories + 1, sizeof n->memory[0]);
    return n->memory[n->memories++] = memory;
}

/* A tensor's values on the device; NULL where the case has none of that name. */
static inline device numbers_values(struct numbers *n, const char *name)
{
    const struct record *record = numbers_find(n, name);
    if (!record) return NULL;
    device memory = numbers_filled(n, record->count, 0);
    real *values = numbers_reals(record);
    n->ops->upload(memory, values, record->count);
    free(values);
    return memory;
}

/* A tensor of the case; its data is NULL where the case has none of that name. */
static inline struct tensor numbers_tensor(struct numbers *n, const char *name)
{
    const struct record *record = numbers_find(n, name);
    if (!record) return (struct tensor){0};
    if (record->rank != 3) die("%s: %s: %s is of rank %d", n->group, n->name, name, record->rank);
    const size_t *shape = record->shape;
    return tensor_make(numbers_values(n, name), (int)shape[0], (int)shape[1], (int)shape[2]);
}

/* Room for a tensor of the shape that the case has under this name. */
static inline struct tensor numbers_room(struct numbers *n, const char *name)
{
    struct tensor x = numbers_tensor(n, name);
    if (x.data) x.data = numbers_filled(n, tensor_count(x), NAN);
    return x;
}

/* The same for values that an operation adds to. NULL where the case has none. */
static inline device numbers_gradient(struct numbers *n, const char *name)
{
    const struct record *record = numbers_find(n, name);
    return record ? numbers_filled(n, record->count, gradient_before) : NULL;
}

static inline struct tensor numbers_gradient_tensor(struct numbers *n, const char *name)
{
    struct tensor x = numbers_tensor(n, name);
    x.data = numbers_gradient(n, name);
    return x;
}

/* Holds `count` values from `start` in the case's tensor against got - before; nothing where `got` is NULL.
 */
static inline void numbers_check_part(const struct numbers *n, const char *name, size_t start, size_t count,
                                      device got, real before)
{
    if (!got) return;
    const struct record *record = numbers_find(n, name);
    if (!record || start + count > record->count)
        die("%s: %s: %s is missing or too short", n->group, n->name, name);
    real *got_reals = allocate_or_die(count + 1, sizeof got_reals[0]);
    real *want = numbers_reals(record);
    n->ops->download(got_reals, got, count);
    for (size_t i = 0; i < count; i++) got_reals[i] -= before;
    double error = relative_error_real(got_reals, want + start, count);
    ok(error <= tolerance, "%s: %s: %s (relative error %.1e)", n->group, n->name, name, error);
    free(got_reals);
    free(want);
}

static inline size_t numbers_count(const struct numbers *n, const char *name)
{
    const struct record *record = numbers_find(n, name);
    return record ? record->count : 0;
}

/* What was overwritten. */
static inline void numbers_check(const struct numbers *n, const char *name, device got)
{
    numbers_check_part(n, name, 0, numbers_count(n, name), got, 0);
}

/* What was added to: a room of numbers_gradient. */
static inline void numbers_check_added(const struct numbers *n, const char *name, device got)
{
    numbers_check_part(n, name, 0, numbers_count(n, name), got, gradient_before);
}

#endif
