/* The data set: keys records from a stream, normalised, channels last, in an unlinked file that is mapped, so
 * that a collection may be larger than the memory. */
#ifndef KERNELS_MODEL_DATASET_H
#define KERNELS_MODEL_DATASET_H

#include "common/stream/stream.h"
#include "kernels/model/session.h"

/* Where a record comes from. */
struct origin {
    uint64_t song; /* hash of the fact source; 0: not stated */
    double start;  /* seconds into the song */
    real peak;     /* the largest value, by which the record was divided; else 1 */
    size_t next;   /* number of the record that begins where this one ends; its own number where none does */
};

struct dataset {
    struct keys_shape keys;
    int drums;              /* of the rows, the last so many */
    size_t records, silent; /* kept; left out because nothing sounds in them */
    uint32_t checksum;      /* CRC-32 of all records, to tell one collection from another */
    char *facts;        /* interval, keys, drums, rate and lead of the first record, which samples get too */
    const real *values; /* (records, keys * frames, 2) */
    size_t bytes;
    struct origin *origin; /* (records) */
    double seconds;        /* the length of a record */
    const struct ops *ops; /* from dataset_place_or_die on */
    device placed;         /* all values in the device's memory, or NULL */
    real *batch;           /* without `placed`: a batch on its way there */
};

/* Reads keys records [2, keys, frames] with any leading dimensions (a pair counts as its chunks). Dies on
 * another kind, another shape than the first record's or than the configuration's seq_len, and on no record.
 */
struct dataset dataset_read_or_die(struct reader *reader, const struct config *config);

/* Batches in an epoch; the last one is filled up from the order's beginning. */
size_t dataset_batches(size_t records, int batch);

/* To be called before batches are taken: uploads all records where the device is known to have twice the
 * memory for them. Otherwise, and with `on_host`, batches are made on the host and uploaded one by one. */
void dataset_place_or_die(struct dataset *dataset, const struct ops *ops, int batch, bool on_host);

/* Batch `number` of the order, into records (batch, keys * frames, 2). */
void dataset_batch(const struct dataset *dataset, struct tensor records, const size_t *order, size_t number);

void dataset_free(struct dataset *dataset);

#endif
