/* The data set: keys records from a stream, normalised, channels last, in an unlinked file that is mapped, so
 * that a collection may be larger than the memory. */
#ifndef KERNELS_MODEL_DATASET_H
#define KERNELS_MODEL_DATASET_H

#include "common/stream/stream.h"
#include "kernels/model/session.h"

/* Where a record comes from. */
struct origin {
    uint64_t song;   /* hash of the fact source; 0: not stated */
    double start;    /* seconds into the song */
    double interval; /* length of a frame, s */
    real peak;       /* the largest value, by which the record was divided; else 1 */
    char *source;    /* the fact, of windows that were cut; else NULL */
    size_t next; /* number of the record that begins where this one ends; its own number where none does */
};

struct dataset {
    struct keys_shape keys;
    size_t records, silent; /* kept; left out because nothing sounds in them */
    uint32_t checksum;      /* CRC-32 of all records, to tell one collection from another */
    char *facts;            /* how the keys were measured, which samples state too: keys-facts.h */
    bool cut;               /* the records are windows of longer ones */
    const real *values;     /* (records, keys * frames, 2) */
    size_t bytes;
    struct origin *origin; /* (records) */
    const struct ops *ops; /* from dataset_place_or_die on */
    device placed;         /* all values in the device's memory, or NULL */
    real *batch;           /* without `placed`: a batch on its way there */
};

/* Reads keys records [2, keys, frames] with any leading dimensions (a pair counts as its chunks). Dies on
 * another kind, another shape than the first record's or than the configuration's seq_len, facts that differ
 * (keys-facts.h), records that are not whole beats where they have beats, and on no record. */
struct dataset dataset_read_or_die(struct reader *reader, const struct config *config);

/* Reads records of any length for a model that was trained on records of this shape, with these facts: each
 * part is cut into windows that follow one another, the last of which overlaps with the one before so that it
 * ends with the part, or with its last whole beat. Dies on other keys, on other facts and on parts shorter
 * than a window. */
struct dataset dataset_cut_or_die(struct reader *reader, const struct config *config, struct keys_shape keys,
                                  char *facts);

/* Dies unless the record is of the kind keys, (…, 2, keys, any frames). */
void dataset_check_window_or_die(const struct reader *reader, const struct record *record,
                                 struct keys_shape keys);

/* Normalises a record (cells, 2) as the configuration says; `peak` is the largest value before, or 1. False
 * where nothing sounds. */
bool dataset_normalise(const struct config *config, real *values, size_t count, real *peak);

/* Batches in an epoch; the last one is filled up from the order's beginning. */
size_t dataset_batches(size_t records, int batch);

/* To be called before batches are taken: uploads all records where the device is known to have twice the
 * memory for them. Otherwise, and with `on_host`, batches are made on the host and uploaded one by one. */
void dataset_place_or_die(struct dataset *dataset, const struct ops *ops, int batch, bool on_host);

/* Batch `number` of the order, into records (batch, keys * frames, 2). */
void dataset_batch(const struct dataset *dataset, struct tensor records, const size_t *order, size_t number);

void dataset_free(struct dataset *dataset);

#endif
