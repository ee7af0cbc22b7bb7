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
    tensor.data = session_memory_or_die(session, session->ops->room(tensor));
    return tensor;
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
