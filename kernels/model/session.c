/* Takes and gives back the device memory of a model. */
#include "kernels/model/session.h"

#include <stdlib.h>

#include "common/memory.h"

struct session session_make(const struct ops *ops, const struct config *config, struct keys_shape keys,
                            int batch)
{
    return (struct session){.ops = ops, .config = config, .keys = keys, .batch = batch};
}

device session_memory_or_die(struct session *session, size_t count)
{
    device memory = session->ops->allocate_or_die(count);
    session->memory = reallocate_or_die(session->memory, session->memories + 1, sizeof session->memory[0]);
    session->memory[session->memories++] = memory;
    return memory;
}

struct tensor session_tensor_or_die(struct session *session, int length, int channels)
{
    struct tensor tensor = tensor_make(NULL, session->batch, length, channels);
    tensor.data = session_memory_or_die(session, tensor_count(tensor));
    return tensor;
}

struct tensor session_activation_or_die(struct session *session, int length, int channels)
{
    struct tensor tensor = {NULL, session->batch, length, channels, true};
    tensor.data = session_memory_or_die(session, session->ops->storage(tensor));
    return tensor;
}

/* Places gradients side by side in `memory`; returns how many reals they take. NULL: only counts. */
static size_t place(const struct ops *ops, device memory, const struct gradient *all, int count)
{
    size_t used = 0;
    for (int i = 0; i < count; i++) {
        if (!all[i].like.data) continue;
        *all[i].gradient = all[i].like;
        all[i].gradient->data = memory ? ops->at(memory, used) : NULL;
        used += (ops->storage(all[i].like) + 63) / 64 * 64;
    }
    return used;
}

void session_gradients_or_die(struct session *session, const struct gradient *one, int ones,
                              const struct gradient *other, int others)
{
    size_t first = place(session->ops, NULL, one, ones), second = place(session->ops, NULL, other, others);
    device memory = session_memory_or_die(session, first > second ? first : second);
    place(session->ops, memory, one, ones);
    place(session->ops, memory, other, others);
}

struct dropout session_dropout(struct session *session, double share)
{
    return (struct dropout){(real)share, PURPOSE_DROPOUT + session->dropouts++};
}

void session_release(struct session *session)
{
    for (size_t i = 0; i < session->memories; i++) session->ops->release(session->memory[i]);
    free(session->memory);
    session->memory = NULL;
    session->memories = 0;
}
