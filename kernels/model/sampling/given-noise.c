/* Reads the noise of samples, record by record. */
#include "kernels/model/sampling/given-noise.h"

#include <stdlib.h>

#include "common/memory.h"

struct given_noise {
    const struct ops *ops;
    struct tensor to; /* (batch, length, channels): the generator's */
    struct reader *reader;
    struct record record;
    real *values; /* (length, channels) */
};

struct given_noise *given_noise_open_or_die(const char *path, const struct model *m)
{
    struct given_noise *noise = allocate_or_die(1, sizeof *noise);
    struct tensor to = m->generator->noise;
    *noise = (struct given_noise){.ops = m->session.ops, .to = to, .reader = reader_open_or_die(path)};
    noise->values = allocate_or_die((size_t)to.length * (size_t)to.channels, sizeof noise->values[0]);
    return noise;
}

void given_noise_read_or_die(struct given_noise *noise, int index)
{
    size_t length = (size_t)noise->to.length, channels = (size_t)noise->to.channels;
    struct record *record = &noise->record;
    char shape[128];
    if (!reader_next_finite_or_die(noise->reader, record))
        reader_die(noise->reader, "fewer records of noise than samples");
    if (record->rank != 2 || record->shape[0] != channels || record->shape[1] != length)
        reader_die(noise->reader, "shape %s is not the noise of this model, (%zu, %zu)",
                   record_shape_text(record, shape, sizeof shape), channels, length);
    const float *values = record->data;
    for (size_t i = 0; i < length; i++)
        for (size_t c = 0; c < channels; c++) noise->values[i * channels + c] = (real)values[c * length + i];
    noise->ops->upload(noise->ops->at(noise->to.data, (size_t)index * length * channels), noise->values,
                       length * channels);
}

void given_noise_finish_or_die(struct given_noise *noise)
{
    while (reader_next_or_die(noise->reader, &noise->record)) continue;
}

void given_noise_free(struct given_noise *noise)
{
    if (!noise) return;
    reader_close(noise->reader);
    record_free(&noise->record);
    free(noise->values);
    free(noise);
}
