/* Makes a model, writes it to a tensor stream and reads it from one. */
#include "kernels/model/model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/fail.h"
#include "common/memory.h"
#include "kernels/model/config/config-load.h"
#include "kernels/model/keys-facts.h"

struct model *model_new_or_die(const struct ops *ops, const struct config *config, struct keys_shape keys,
                               int batch, bool training)
{
    struct model *m = allocate_or_die(1, sizeof *m);
    m->session = session_make(ops, config, keys, batch);
    m->design = design_of(config);
    m->parameters[GENERATOR] = parameters_make(&m->session, "generator");
    m->parameters[DISCRIMINATOR] = parameters_make(&m->session, "discriminator");
    m->generator = m->design->make_or_die(&m->session, &m->parameters[GENERATOR], training);
    if (keys.beat && !m->generator->prior)
        die("design: %s knows no tempo: records with a beat of %d frames need design: time", m->design->name,
            keys.beat);
    discriminator_make_or_die(&m->discriminator, &m->session, &m->parameters[DISCRIMINATOR]);
    for (int i = 0; i < NETWORKS; i++) parameters_allocate_or_die(&m->parameters[i], training);
    return m;
}

void model_initialise(struct model *m, uint64_t seed)
{
    for (int i = 0; i < NETWORKS; i++) parameters_initialise(&m->parameters[i], seed);
}

void model_free(struct model *m)
{
    m->design->free(m->generator);
    discriminator_free(&m->discriminator);
    for (int i = 0; i < NETWORKS; i++) parameters_free(&m->parameters[i]);
    session_release(&m->session);
    free(m);
}

void model_write_config_or_die(struct writer *writer, const struct model *m, const char *facts)
{
    const struct config *config = m->session.config;
    struct record record = {.element = ELEMENT_U1,
                            .rank = 1,
                            .shape = {config->text_size},
                            .count = config->text_size,
                            .data = config->text};
    if (facts) record.facts = text_or_die("%s", facts);
    record_set_fact(&record, "kind", "config");
    record_set_fact(&record, "shape", "%dx%d", m->session.keys.keys, m->session.keys.frames);
    writer_put_or_die(writer, &record);
    free(record.facts);
}

void write_values_or_die(struct writer *writer, const struct ops *ops, device values, const char *kind,
                         const char *name, int rank, const size_t *shape)
{
    struct record record = {0};
    float *out = record_shape_or_die(&record, rank, shape);
    real *got = allocate_or_die(record.count, sizeof got[0]);
    ops->download(got, values, record.count);
    for (size_t i = 0; i < record.count; i++) out[i] = (float)got[i];
    record_set_fact(&record, "kind", "%s", kind);
    record_set_fact(&record, "name", "%s", name);
    writer_put_or_die(writer, &record);
    free(got);
    record_free(&record);
}

void model_write_parameters_or_die(struct writer *writer, const struct model *m)
{
    for (int network = 0; network < NETWORKS; network++) {
        for (int i = 0; i < m->parameters[network].count; i++) {
            const struct parameter *row = &m->parameters[network].table[i];
            write_values_or_die(writer, m->session.ops, row->weight->value, "parameter", row->name, row->rank,
                                row->shape);
        }
    }
}

struct model_header model_read_header_or_die(struct reader *reader, const char *name)
{
    struct model_header header = {0};
    struct record record = {0};
    if (!reader_next_or_die(reader, &record) || !record_is(&record, "config") || record.element != ELEMENT_U1)
        reader_die(reader, "not a model: the first record is no configuration");
    char *shape = record_fact(&record, "shape"), rest;
    if (!shape || sscanf(shape, "%dx%d%c", &header.keys.keys, &header.keys.frames, &rest) != 2 ||
        header.keys.keys < 1 || header.keys.frames < 1)
        reader_die(reader, "not a model: the configuration does not say the shape of the keys");
    header.config = config_parse_or_die(name, record.data, record.count);
    if ((long long)header.keys.keys * header.keys.frames != header.config->model.seq_len)
        reader_die(reader, "shape %s is not the configuration's seq_len, %d", shape,
                   header.config->model.seq_len);
    record_remove_fact(&record, "kind");
    record_remove_fact(&record, "shape");
    record_remove_fact(&record, "crc32");
    header.facts = record.facts;
    record.facts = NULL;
    struct keys_facts facts = keys_facts_read(header.facts, header.keys.keys);
    header.keys.drums = facts.drums;
    header.keys.beat = (int)facts.beat;
    free(shape);
    record_free(&record);
    return header;
}

static bool starts_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

static bool same_shape(const struct record *record, const struct parameter *row)
{
    if (record->rank != row->rank) return false;
    for (int i = 0; i < row->rank; i++) {
        if (record->shape[i] != row->shape[i]) return false;
    }
    return true;
}

void upload_floats(const struct ops *ops, device to, const float *from, size_t count)
{
    real *values = allocate_or_die(count, sizeof values[0]);
    for (size_t i = 0; i < count; i++) values[i] = (real)from[i];
    ops->upload(to, values, count);
    free(values);
}

bool model_take_parameter_or_die(struct model *m, struct reader *reader, struct record *record, bool *found,
                                 bool lenient)
{
    if (!record_is(record, "parameter")) return false;
    char *name = record_fact(record, "name"), shape[128];
    if (!name) reader_die(reader, "a parameter without a name");
    enum network network = starts_with(name, "discriminator.") ? DISCRIMINATOR : GENERATOR;
    const struct parameters *p = &m->parameters[network];
    int index = parameters_find(p, name);
    bool fits = index >= 0 && same_shape(record, &p->table[index]);
    bool forgive = lenient && network == DISCRIMINATOR;
    if (index < 0 && !forgive)
        reader_die(reader, "%s: the configuration's model has no such parameter", name);
    if (!fits && !forgive)
        reader_die(reader, "%s: shape %s is not the configuration's", name,
                   record_shape_text(record, shape, sizeof shape));
    if (fits) {
        bool *seen = &found[index + (network == DISCRIMINATOR ? m->parameters[GENERATOR].count : 0)];
        if (*seen) reader_die(reader, "%s stands there twice", name);
        upload_floats(m->session.ops, p->table[index].weight->value, reader_finite_or_die(reader, record),
                      record->count);
        *seen = true;
    }
    free(name);
    return true;
}

int model_complete_or_die(struct model *m, struct reader *reader, const bool *found, bool lenient,
                          uint64_t seed)
{
    int missing = 0;
    for (int network = 0; network < NETWORKS; network++) {
        struct parameters *p = &m->parameters[network];
        for (int i = 0; i < p->count; i++) {
            if (*found++) continue;
            if (!lenient || network == GENERATOR) reader_die(reader, "%s is missing", p->table[i].name);
            bool weight = p->table[i].rank > 1;
            parameter_fill(p, i, weight ? (struct initialisation){INITIAL_NORMAL, 0.02} : p->table[i].initial,
                           seed);
            missing++;
        }
    }
    return missing;
}
