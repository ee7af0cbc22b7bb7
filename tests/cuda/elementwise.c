/* Element-wise operations and random numbers: CUDA against the CPU. */
#include "tests/cuda/both.h"

struct shape {
    int batch, length, channels;
};

static const struct shape shapes[] = {
    {1, 1, 1}, {2, 7, 3}, {3, 241, 8}, {1, 7, 20}, {2, 241, 33}, {3, 7, 128}, {2, 7, 512},
};

static struct tensor plain(struct both *run, const struct shape *s, uint32_t purpose)
{
    return both_tensor(run, s->batch, s->length, s->channels, purpose);
}

static struct tensor activation(struct both *run, const struct shape *s, uint32_t purpose)
{
    return both_activation(run, s->batch, s->length, s->channels, purpose);
}

static void moves(struct both *run, const void *shape)
{
    struct tensor a = plain(run, shape, 1), b = activation(run, shape, 2), c = activation(run, shape, 3);
    struct tensor copies[] = {plain(run, shape, 0), plain(run, shape, 0), activation(run, shape, 0),
                              activation(run, shape, 0)};
    run->ops->copy(copies[0], a), run->ops->copy(copies[1], b);
    run->ops->copy(copies[2], a), run->ops->copy(copies[3], b);
    for (int i = 0; i < 4; i++) both_keep(run, "copy", copies[i]);
    run->ops->add(copies[0], b), run->ops->add(copies[1], a);
    run->ops->add(copies[2], b), run->ops->add(copies[3], copies[0]), run->ops->add(c, c);
    for (int i = 0; i < 4; i++) both_keep(run, "add", copies[i]);
    both_keep(run, "add to itself", c);
}

/* All but the first value: no place for vectors. */
static struct tensor rest(struct both *run, struct tensor x)
{
    return tensor_make(run->ops->at(x.data, 1), 1, 1, (int)tensor_count(x));
}

static void odd_places(struct both *run, const void *shape)
{
    const struct shape *s = shape, longer = {s->batch + 1, s->length, s->channels};
    struct tensor x = plain(run, &longer, 1), y = plain(run, &longer, 2);
    struct tensor to = rest(run, y), from = plain(run, shape, 3);
    to.channels = s->channels, to.length = s->length, to.batch = s->batch;
    run->ops->add(to, from);
    run->ops->dropout(to, (struct dropout){(real)0.4, 3}, (struct pass){.training = true, .seed = 8});
    both_keep(run, "add and dropout", y);
    run->ops->copy(to, from);
    both_keep(run, "copy", y);
    run->ops->add_normal(to.data, from.data, tensor_count(to), 2, random_key_make(3, 4, 5));
    both_keep(run, "noise", y);
    run->ops->concat(to, (struct tensor){x.data, s->batch, s->length, 0, false}, from);
    both_keep(run, "concat", y);
}

static void gathers(struct both *run, const void *shape)
{
    const struct shape *s = shape;
    enum { RECORDS = 9, MOST = 300 };
    size_t index[MOST], row = (size_t)s->length * (size_t)s->channels;
    for (size_t i = 0; i < MOST; i++) index[i] = (i * 5 + i / RECORDS + 2) % RECORDS;
    device records = both_memory(run, (RECORDS + 1) * row, 1);
    struct tensor y = plain(run, s, 0), bf16 = activation(run, s, 0);
    run->ops->gather(y, records, index);
    run->ops->gather(bf16, run->ops->at(records, row), index);
    both_keep(run, "reals", y);
    both_keep(run, "bf16", bf16);
}

static void noise(struct both *run, const void *shape)
{
    struct random_key key = random_key_make(11, 12, 13);
    struct tensor x = plain(run, shape, 0), y = plain(run, shape, 1), z = plain(run, shape, 0);
    run->ops->normal(x.data, tensor_count(x), 3, key);
    run->ops->add_normal(z.data, y.data, tensor_count(y), (real)0.5, key);
    run->ops->add_normal(y.data, y.data, tensor_count(y), (real)0.1, random_key_make(14, 15, 16));
    both_keep(run, "normal", x);
    both_keep(run, "in place", y);
    both_keep(run, "added", z);
}

static void dropouts(struct both *run, const void *shape)
{
    struct tensor x = plain(run, shape, 1), bf16 = activation(run, shape, 2);
    struct pass pass = {.training = true, .seed = 5, .step = 6};
    run->ops->dropout(x, (struct dropout){(real)0.3, 4}, pass);
    run->ops->dropout(bf16, (struct dropout){(real)0.5, 7}, pass);
    run->ops->dropout(x, (struct dropout){0, 4}, pass);
    pass.training = false;
    run->ops->dropout(bf16, (struct dropout){(real)0.5, 8}, pass);
    both_keep(run, "reals", x);
    both_keep(run, "bf16", bf16);
}

static void concats(struct both *run, const void *shape)
{
    const struct shape *s = shape, other = {s->batch, s->length, 3 * s->channels},
                       both = {s->batch, s->length, 4 * s->channels};
    struct tensor a = plain(run, s, 1), b = activation(run, &other, 2), none = {0};
    struct tensor y = plain(run, &both, 0), bf16 = activation(run, &both, 0);
    struct tensor a1 = activation(run, s, 0), b1 = plain(run, &other, 0), a2 = plain(run, s, 0),
                  b2 = plain(run, &other, 0);
    run->ops->concat(y, a, b);
    run->ops->concat(bf16, a, b);
    run->ops->split(a1, b1, y);
    none.channels = b.channels;
    run->ops->split(a2, none, bf16);
    none.channels = a.channels;
    run->ops->split(none, b2, bf16);
    struct tensor all[] = {y, bf16, a1, b1, a2, b2};
    const char *names[] = {"concat", "concat bf16", "split a", "split b", "a alone", "b alone"};
    for (int i = 0; i < 6; i++) both_keep(run, names[i], all[i]);
}

/* Runs of one graph, each with its own records and dropout masks. */
static void graphs(struct both *run, const void *shape)
{
    const struct shape *s = shape;
    size_t index[3][3] = {{4, 0, 2}, {1, 3, 3}, {2, 2, 0}};
    device records = both_memory(run, 5 * (size_t)s->length * (size_t)s->channels, 1);
    struct tensor y = plain(run, s, 0), sum = activation(run, s, 0);
    for (uint32_t i = 0; i < 3; i++) {
        run->ops->graph_begin(OPS_GRAPHS - 1);
        run->ops->gather(y, records, index[i]);
        run->ops->dropout(y, (struct dropout){(real)0.5, 4}, (struct pass){.training = true, .step = i});
        run->ops->add(sum, y);
        run->ops->graph_end();
    }
    both_keep(run, "the last", y);
    both_keep(run, "the sum", sum);
}

int main(void)
{
    static const struct {
        const char *name;
        both_case *test;
    } cases[] = {{"copy, add", moves},  {"odd places", odd_places}, {"gather", gathers}, {"noise", noise},
                 {"dropout", dropouts}, {"concat, split", concats}, {"graphs", graphs}};
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
            char name[80];
            snprintf(name, sizeof name, "%s (%d, %d, %d)", cases[c].name, shapes[i].batch, shapes[i].length,
                     shapes[i].channels);
            both_check(name, cases[c].test, &shapes[i], 1e-6, 8e-3);
        }
    both_check("gather, more than one launch takes", gathers, &(struct shape){300, 2, 5}, 0, 4e-3);
    return done();
}
