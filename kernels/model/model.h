/* A model: configuration, generator and discriminator, and its form as a tensor stream: a record of the
 * configuration (kind=config, the bytes of the YAML file, with the facts of the keys), then a record for each
 * parameter and statistic (kind=parameter name=…). The stream needs no other file. */
#ifndef KERNELS_MODEL_MODEL_H
#define KERNELS_MODEL_MODEL_H

#include "common/stream/stream.h"
#include "kernels/model/design.h"
#include "kernels/model/discriminator.h"

struct model {
    struct session session;
    const struct design *design;
    struct generator *generator;
    struct discriminator discriminator;
    struct parameters parameters[2]; /* GENERATOR, DISCRIMINATOR */
};

enum network { GENERATOR, DISCRIMINATOR, NETWORKS };

/* Takes all memory; parameters are not initialised. The configuration has to live as long as the model.
 * Caller frees. */
struct model *model_new_or_die(const struct ops *ops, const struct config *config, struct keys_shape keys,
                               int batch, bool training);

/* Initialises all parameters from the seed. */
void model_initialise(struct model *model, uint64_t seed);

void model_free(struct model *model);

/* The record of the configuration; `facts` are those of the keys ("interval=… keys=…"), or NULL. */
void model_write_config_or_die(struct writer *writer, const struct model *model, const char *facts);

/* All parameters and statistics of both networks. */
void model_write_parameters_or_die(struct writer *writer, const struct model *model);

/* The contents of a model's first record. */
struct model_header {
    struct config *config; /* caller frees */
    struct keys_shape keys;
    char *facts; /* of the keys; caller frees */
};
struct model_header model_read_header_or_die(struct reader *reader, const char *name);

/* Uploads a record that is a parameter of the model, and returns true; false for another kind of record. Dies
 * on a wrong shape, an unknown or a repeated name; lenient: leaves out those of the discriminator. `found`
 * has a flag for each row of both tables, the generator's first, and gets this one's. */
bool model_take_parameter_or_die(struct model *model, struct reader *reader, struct record *record,
                                 bool *found, bool lenient);

/* Dies naming the first parameter that was not found. lenient: initialises missing ones of the discriminator,
 * weights as N(0, 0.02), and returns their number. */
int model_complete_or_die(struct model *model, struct reader *reader, const bool *found, bool lenient,
                          uint64_t seed);

/* Uploads `count` floats, as a record has them. */
void upload_floats(const struct ops *ops, device to, const float *from, size_t count);

/* Writes values on the device as a record of floats. */
void write_values_or_die(struct writer *writer, const struct ops *ops, device values, const char *kind,
                         const char *name, int rank, const size_t *shape);

#endif
