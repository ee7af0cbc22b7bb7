/* The real records: keys from a stream, normalised, channels last, in an unlinked file mapped into memory, so
 * that a collection may be larger than the memory. */
#ifndef KERNELS_MODEL_DATASET_H
#define KERNELS_MODEL_DATASET_H

#include "common/stream/stream.h"
#include "kernels/model/session.h"

/* Where a record comes from. */
struct origin {
    uint64_t song; /* hash of the fact source; 0: not known */
    double start;  /* s into the song */
    real peak;     /* what it was divided by */
    size_t next;   /* the record that goes on where this one ends, or itself */
};

struct dataset {
    struct keys_shape keys;
    size_t records, silent; /* kept; dropped because nothing sounds in them */
    uint32_t checksum;      /* CRC-32 of all records, to tell one collection from another */
    char *facts;            /* interval, keys and rate of the first record: what gan-sample gives back */
    const real *values;     /* (records, keys * frames, 2) */
    size_t bytes;
    struct origin *origin; /* (records) */
    double seconds;        /* of a record, by its interval */
    const struct ops *ops; /* with dataset_place */
    device placed;         /* all values in the device's memory, or NULL */
    real *batch;           /* else a batch on its way there */
};

/* Reads keys records [2, keys, frames] with any leading dimensions (a pair counts as its chunks). Dies on
 * another kind, another shape than the first record's or than the configuration's seq_len, and on no record.
 */
struct dataset dataset_read_or_die(struct reader *reader, const struct config *config);

/* Batches in an epoch; the last one is filled up from the order's beginning. */
size_t dataset_batches(size_t records, int batch);

/* Gets ready to give batches to a backend: all records go to its memory where that is known to hold them
 * twice over, else, and where each batch is made anew (`fresh`), it is sent when it is wanted. */
void dataset_place_or_die(struct dataset *dataset, const struct ops *ops, int batch, bool fresh);

/* Batch `number` of the order, into records (batch, keys * frames, 2). */
void dataset_batch(const struct dataset *dataset, struct tensor records, const size_t *order, size_t number);

void dataset_free(struct dataset *dataset);

#endif
