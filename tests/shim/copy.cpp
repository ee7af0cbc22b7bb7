/* Copies and fills, with what the runtime checks of them. */
#include "shim.h"

struct copy {
    char *to;
    const char *from;
    size_t to_pitch, from_pitch, width, height;
    bool to_device, from_device;
};

static void run(const struct copy *c)
{
    for (size_t row = 0; row < c->height; row++) {
        char *to = c->to + row * c->to_pitch;
        const char *from = c->from + row * c->from_pitch;
        memmove(to, from, c->width);
        if (c->to_device && c->from_device)
            shim_watch_copied(to, from, c->width);
        else if (c->to_device)
            shim_watch_filled(to, c->width);
        else if (c->from_device)
            shim_watch_fetched(from, c->width);
    }
}

static bool side_is_right(const char *at, size_t pitch, size_t width, size_t height, bool device)
{
    size_t bytes = (height - 1) * pitch + width;
    return device ? shim_holds(at, bytes) : at && !shim_is_device(at);
}

/* NULL, or what is wrong. */
static const char *wrong(const struct copy *c)
{
    if (c->height > 1 && (c->width > c->to_pitch || c->width > c->from_pitch)) return "rows overlap";
    if (!side_is_right(c->to, c->to_pitch, c->width, c->height, c->to_device))
        return c->to_device ? "the target is not within device memory" : "the target is not the host's";
    if (!side_is_right(c->from, c->from_pitch, c->width, c->height, c->from_device))
        return c->from_device ? "the source is not within device memory" : "the source is not the host's";
    return NULL;
}

/* Whether a capture may hold it: memory of the host that can be paged out may be gone when it runs. */
static bool may_be_captured(const struct copy *c)
{
    size_t to_bytes = (c->height - 1) * c->to_pitch + c->width;
    size_t from_bytes = (c->height - 1) * c->from_pitch + c->width;
    return (c->to_device || shim_is_pinned(c->to, to_bytes)) &&
           (c->from_device || shim_is_pinned(c->from, from_bytes));
}

cudaError_t cudaMemcpy2DAsync(void *to, size_t to_pitch, const void *from, size_t from_pitch, size_t width,
                              size_t height, cudaMemcpyKind kind, cudaStream_t stream)
{
    struct copy c = {(char *)to,
                     (const char *)from,
                     to_pitch,
                     from_pitch,
                     width,
                     height,
                     kind == cudaMemcpyHostToDevice || kind == cudaMemcpyDeviceToDevice,
                     kind == cudaMemcpyDeviceToHost || kind == cudaMemcpyDeviceToDevice};
    if (kind == cudaMemcpyDefault) c.to_device = shim_is_device(to), c.from_device = shim_is_device(from);
    if (!width || !height) return cudaSuccess;
    const char *why = wrong(&c);
    if (why) {
        shim_say("copy of %zu x %zu bytes: %s", height, width, why);
        return shim_error(cudaErrorInvalidValue);
    }
    if (shim_capturing(stream) && !may_be_captured(&c)) return shim_forbidden();
    const void *direction = (const void *)(uintptr_t)(c.to_device * 2 + c.from_device);
    return shim_submit(stream, {SHIM_MEMCPY, direction, [c] { run(&c); }});
}

cudaError_t cudaMemcpyAsync(void *to, const void *from, size_t bytes, cudaMemcpyKind kind,
                            cudaStream_t stream)
{
    return cudaMemcpy2DAsync(to, bytes, from, bytes, bytes, 1, kind, stream);
}

cudaError_t cudaMemcpy(void *to, const void *from, size_t bytes, cudaMemcpyKind kind)
{
    return shim_any_capture() ? shim_forbidden() : cudaMemcpyAsync(to, from, bytes, kind, 0);
}

cudaError_t cudaMemsetAsync(void *to, int value, size_t bytes, cudaStream_t stream)
{
    if (!bytes) return cudaSuccess;
    if (!shim_holds(to, bytes)) {
        shim_say("cudaMemset of %zu bytes: not within device memory", bytes);
        return shim_error(cudaErrorInvalidValue);
    }
    return shim_submit(stream, {SHIM_MEMSET, NULL, [=] {
                                    memset(to, value, bytes);
                                    shim_watch_filled(to, bytes);
                                }});
}

cudaError_t cudaMemset(void *to, int value, size_t bytes)
{
    return shim_any_capture() ? shim_forbidden() : cudaMemsetAsync(to, value, bytes, 0);
}
