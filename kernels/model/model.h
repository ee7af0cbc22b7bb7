/* A whole model: configuration, generator, discriminator. As a tensor stream: one record of the configuration
 * (kind=config, the YAML's bytes, with the facts of the keys it makes), one record a parameter or running
 * statistic (kind=parameter name=…), so that it needs nothing beside it. */
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

/* Takes all memory; parameters are not initialised. The configuration must live as long. Caller frees. */
struct model *model_new_or_die(const struct ops *ops, const struct config *config, struct keys_shape keys,
                               int batch, bool training);

/* First values from the seed. */
void model_initialise(struct model *model, uint64_t seed);

void model_free(struct model *model);

/* The record of the configuration; `facts` ("interval=… keys=…", or NULL) say what the keys are. */
void model_write_config_or_die(struct writer *writer, const struct model *model, const char *facts);

/* All parameters and running statistics of both networks. */
void model_write_parameters_or_die(struct writer *writer, const struct model *model);

/* What a model's first record says. */
struct model_header {
    struct config *config; /* caller frees */
    struct keys_shape keys;
    char *facts; /* of the keys; caller frees */
};
struct model_header model_read_header_or_die(struct reader *reader, const char *name);

/* Takes a record when it is a parameter of the model: true. Dies on a wrong shape, an unknown or a repeated
 * name. `found` has a flag a row of both tables, the generator's first. `lenient`: unknown names and shapes
 * of the discriminator are left out. */
bool model_take_parameter_or_die(struct model *model, struct reader *reader, struct record *record,
                                 bool *found, bool lenient);

/* Dies naming the first parameter that was not found; lenient: missing ones of the discriminator are
 * initialised N(0, 0.02) (weights), and the number of them returned. */
int model_complete_or_die(struct model *model, struct reader *reader, const bool *found, bool lenient,
                          uint64_t seed);

/* Floats of a record into the device's memory. */
void upload_floats(const struct ops *ops, device to, const float *from, size_t count);

/* A device's values as a record of floats. */
void write_values_or_die(struct writer *writer, const struct ops *ops, device values, const char *kind,
                         const char *name, int rank, const size_t *shape);

#endif
