/* A record in memory: a tensor with its element type, shape and data. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/fail.h"
#include "common/memory.h"
#include "common/stream/stream.h"

static const struct {
    const char *name;
    size_t size;
} elements[] = {
    [ELEMENT_F4] = {"<f4", 4}, [ELEMENT_F2] = {"<f2", 2}, [ELEMENT_F8] = {"<f8", 8},
    [ELEMENT_I4] = {"<i4", 4}, [ELEMENT_I8] = {"<i8", 8}, [ELEMENT_U1] = {"|u1", 1},
};

size_t element_size(enum element element)
{
    return elements[element].size;
}

const char *element_name(enum element element)
{
    return elements[element].name;
}

void record_free(struct record *record)
{
    free(record->data);
    free(record->facts);
    *record = (struct record){0};
}

/* Room for `bytes`; the old content is lost. */
static void reserve(struct record *record, size_t bytes)
{
    if (record->data && record->capacity >= bytes) return;
    free(record->data);
    record->data = NULL;
    record->data = reallocate_or_die(NULL, bytes, 1);
    record->capacity = bytes;
}

float *record_shape_or_die(struct record *record, int rank, const size_t *shape)
{
    size_t count = 1, bytes;
    bool fits = rank >= 0 && rank <= TENSOR_RANK_MAX;
    for (int i = 0; fits && i < rank; i++) fits = !__builtin_mul_overflow(count, shape[i], &count);
    if (!fits || __builtin_mul_overflow(count, sizeof(float), &bytes))
        die("out of memory: a tensor too large to address");
    record->element = ELEMENT_F4;
    record->rank = rank;
    if (rank) memmove(record->shape, shape, (size_t)rank * sizeof *shape);
    record->count = count;
    reserve(record, bytes);
    return record->data;
}

/* IEEE 754 half precision; clang has no _Float16 for every x86-64. */
static float half_to_float(uint16_t half)
{
    uint32_t exponent = half >> 10 & 31, fraction = half & 1023, bits = exponent == 31 ? 255 : exponent + 112;
    float value = (float)fraction * 0x1p-24f; /* subnormal or zero */
    if (exponent) {
        bits = bits << 23 | fraction << 13;
        memcpy(&value, &bits, sizeof value);
    }
    return half & 0x8000 ? -value : value;
}

bool element_is_integer(enum element element)
{
    return element == ELEMENT_I4 || element == ELEMENT_I8 || element == ELEMENT_U1;
}

int64_t record_integer(const struct record *record, size_t index)
{
    switch (record->element) {
    case ELEMENT_I4: return ((const int32_t *)record->data)[index];
    case ELEMENT_I8: return ((const int64_t *)record->data)[index];
    default: return ((const uint8_t *)record->data)[index];
    }
}

double record_value(const struct record *record, size_t index)
{
    switch (record->element) {
    case ELEMENT_F4: return (double)((const float *)record->data)[index];
    case ELEMENT_F2: return (double)half_to_float(((const uint16_t *)record->data)[index]);
    case ELEMENT_F8: return ((const double *)record->data)[index];
    default: return (double)record_integer(record, index);
    }
}

/* Converts all values in place, from index FIRST on; memcpy, since the element types alias. */
#define CONVERT(TYPE, CONVERSION, FIRST, STEP)                                                               \
    for (size_t n = 0, i = FIRST; n < record->count; n++, i += STEP) {                                       \
        TYPE value;                                                                                          \
        memcpy(&value, data + i * sizeof value, sizeof value);                                               \
        float converted = CONVERSION(value);                                                                 \
        memcpy(data + i * sizeof converted, &converted, sizeof converted);                                   \
    }

/* To a larger element type: from the last value to the first, so that none is overwritten unread. */
static void convert_growing(struct record *record)
{
    size_t bytes = record->count * sizeof(float); /* cannot overflow: see header_parse */
    if (record->capacity < bytes) {
        record->data = reallocate_or_die(record->data, record->count, sizeof(float));
        record->capacity = bytes;
    }
    char *data = record->data;
    if (record->element == ELEMENT_F2)
        CONVERT(uint16_t, half_to_float, record->count - 1, (size_t)-1)
    else
        CONVERT(uint8_t, (float), record->count - 1, (size_t)-1)
}

/* To a smaller element type, or one of the same size: from the first value to the last. */
static void convert_shrinking(struct record *record)
{
    char *data = record->data;
    if (record->element == ELEMENT_F8)
        CONVERT(double, (float), 0, 1)
    else if (record->element == ELEMENT_I4)
        CONVERT(int32_t, (float), 0, 1)
    else
        CONVERT(int64_t, (float), 0, 1)
}

float *record_floats(struct record *record)
{
    if (element_size(record->element) < sizeof(float))
        convert_growing(record);
    else if (record->element != ELEMENT_F4)
        convert_shrinking(record);
    record->element = ELEMENT_F4;
    return record->data;
}

char *record_shape_text(const struct record *record, char *text, size_t size)
{
    size_t used = (size_t)snprintf(text, size, "(");
    for (int i = 0; i < record->rank && used < size; i++)
        used += (size_t)snprintf(text + used, size - used, i ? ", %zu" : "%zu", record->shape[i]);
    if (used < size) snprintf(text + used, size - used, record->rank == 1 ? ",)" : ")");
    return text;
}
