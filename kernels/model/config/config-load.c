/* Sets the members of the configuration from the text of their values, and checks sizes that belong together.
 */
#include "kernels/model/config/config-load.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/fail.h"
#include "common/memory.h"
#include "common/number.h"
#include "kernels/model/config/config-keys.h"
#include "kernels/model/config/config-yaml.h"

enum { FILE_BYTES_MOST = 1 << 20 };

/* The place of the word in "one|two", counted from 0; CONFIG_NONE when it is none of them. Case is ignored.
 */
static int word_number(const char *text, const char *words)
{
    size_t length;
    int number = 0;
    for (const char *word = words; *word; word += length + (word[length] == '|'), number++) {
        length = strcspn(word, "|");
        if (strlen(text) == length && !strncasecmp(text, word, length)) return number;
    }
    return CONFIG_NONE;
}

/* Whether the text means "not set". */
static bool is_none(const char *text)
{
    return !*text || word_number(text, "null|~|false|no|off") >= 0;
}

/* Sets the number at `member`; returns what is wrong with the text, or NULL. Caller frees. */
static char *set_number(const struct config_key *key, const char *text, void *member)
{
    long long integer = CONFIG_NONE;
    double real = 0;
    bool none = is_none(text) && is_none(key->standard), is_int = key->type == CONFIG_INT;
    if (!none && is_int && !parse_integer(text, &integer)) return text_or_die("'%s' is not an integer", text);
    if (!none && !is_int && !parse_real(text, &real)) return text_or_die("'%s' is not a number", text);
    double value = is_int ? (double)integer : real;
    if (!none && (value < key->least || value > key->most))
        return text_or_die("%s is outside %.10g to %.10g", text, key->least, key->most);
    if (is_int)
        *(int *)member = (int)integer;
    else
        *(double *)member = real;
    return NULL;
}

/* Sets a key's member of the struct from text; returns what is wrong, or NULL. Caller frees. */
static char *set_value(struct config *config, const struct config_key *key, const char *text)
{
    void *member = (char *)config + key->offset;
    int word;
    switch (key->type) {
    case CONFIG_INT:
    case CONFIG_REAL: return set_number(key, text, member);
    case CONFIG_FLAG:
        word = word_number(text, "false|true|no|yes|off|on");
        if (word < 0) return text_or_die("'%s' is neither true nor false", text);
        *(bool *)member = word % 2;
        return NULL;
    case CONFIG_CHOICE:
        word = word_number(text, key->choices);
        if (word < 0) return text_or_die("'%s' is none of %s", text, key->choices);
        *(int *)member = word;
        return NULL;
    case CONFIG_TEXT: *(char **)member = text_or_die("%s", is_none(text) ? "" : text); return NULL;
    case CONFIG_IGNORED: return NULL;
    }
    return NULL;
}

/* The row of the table for the member at this offset. */
static const struct config_key *key_of(size_t offset)
{
    const struct config_key *key = config_keys;
    while (key->offset != offset || key->type == CONFIG_IGNORED) key++;
    return key;
}

#define KEY(member) key_of(offsetof(struct config, member))

/* Conditions on several keys at once, in the design `musigan`. */
static void check_musigan_or_die(const struct config *config, const struct config_yaml *yaml)
{
    int heads = config->model.num_heads, dim = config->model.latent_dim, noise = config->noise_dim;
    int latent = config->model.latent_seq_len, cells = config->model.seq_len;
    if (dim % heads)
        config_yaml_die(yaml, KEY(model.num_heads), "%d does not divide latent_dim, %d", heads, dim);
    if (dim % 2 && config->model.position == POSITION_SINUSOIDAL)
        config_yaml_die(yaml, KEY(model.latent_dim), "%d is odd; sinusoidal positions need an even one", dim);
    if (noise % 8) config_yaml_die(yaml, KEY(noise_dim), "%d is not a multiple of 8", noise);
    if (noise / 8 < latent)
        config_yaml_die(yaml, KEY(noise_dim), "%d is less than 8 times latent_seq_len, %d", noise, latent);
    if (config->model.use_gaussians && (long long)latent * dim > INT_MAX)
        config_yaml_die(yaml, KEY(model.use_gaussians), "%d positions of %d values are too many", latent,
                        dim);
    if (40LL * latent < cells)
        config_yaml_die(yaml, KEY(model.latent_seq_len), "40 times %d is less than seq_len, %d", latent,
                        cells);
}

enum { PRIOR_SIDE_MOST = 20000 }; /* latents times their channels: the prior's factor grows as the square */

/* The same in the design `time`. */
static void check_time_or_die(const struct config *config, const struct config_yaml *yaml)
{
    int heads = config->model.num_heads, channels = config->model.n_channels;
    int latent = config->model.latent_seq_len, dim = config->model.latent_dim;
    if (channels < 2 || channels % heads)
        config_yaml_die(yaml, KEY(model.num_heads), "%d does not divide n_channels, %d", heads, channels);
    if (channels % 2 && config->model.position == POSITION_SINUSOIDAL)
        config_yaml_die(yaml, KEY(model.n_channels), "%d is odd; sinusoidal positions need an even one",
                        channels);
    if ((long long)latent * dim > PRIOR_SIDE_MOST)
        config_yaml_die(yaml, KEY(model.latent_seq_len),
                        "%d latents of %d values: the prior takes %d at most", latent, dim, PRIOR_SIDE_MOST);
    if (config->model.use_gaussians) config_yaml_die(yaml, KEY(model.use_gaussians), "the design has none");
    if (config->normalize != NORMALIZE_PEAK)
        config_yaml_die(yaml, KEY(normalize), "the design needs loudnesses from 0 to 1: peak");
}

static void check_sizes_or_die(const struct config *config, const struct config_yaml *yaml)
{
    if (config->design == DESIGN_TIME)
        check_time_or_die(config, yaml);
    else
        check_musigan_or_die(config, yaml);
    if (config->augmentation.windows && config->normalize != NORMALIZE_PEAK)
        config_yaml_die(yaml, KEY(augmentation.windows), "windows are divided by their largest value: peak");
}

struct config *config_parse_or_die(const char *name, const uint8_t *text, size_t size)
{
    struct config *config = allocate_or_die(1, sizeof *config);
    config->text = allocate_or_die(size + 1, 1);
    config->text_size = size;
    if (size) memcpy(config->text, text, size);
    struct config_yaml yaml = {.name = name, .text = (const char *)config->text, .size = size};
    config_yaml_read_or_die(&yaml);
    for (size_t i = 0; i < yaml.keys; i++) {
        const struct config_key *key = &config_keys[i];
        char *wrong = set_value(config, key, yaml.values[i] ? yaml.values[i] : key->standard);
        if (wrong) config_yaml_die(&yaml, key, "%s", wrong);
    }
    check_sizes_or_die(config, &yaml);
    config_yaml_free(&yaml);
    return config;
}

struct config *config_load_or_die(const char *path)
{
    FILE *file = fopen(path, "re");
    if (!file) die("%s: %s", path, strerror(errno));
    uint8_t *text = allocate_or_die(FILE_BYTES_MOST + 1, 1);
    size_t size = fread(text, 1, FILE_BYTES_MOST + 1, file);
    if (ferror(file)) die("%s: %s", path, strerror(errno));
    if (size > FILE_BYTES_MOST) die("%s: more than %d bytes: not a configuration", path, FILE_BYTES_MOST);
    fclose(file);
    struct config *config = config_parse_or_die(path, text, size);
    free(text);
    return config;
}

void config_free(struct config *config)
{
    if (!config) return;
    for (const struct config_key *key = config_keys; key->name; key++)
        if (key->type == CONFIG_TEXT) free(*(char **)((char *)config + key->offset));
    free(config->text);
    free(config);
}
