/* Launches: what a GPU would refuse is refused here. */
#include <map>

#include "shim.h"

static auto &shared_asked = *new std::map<const void *, int>;

cudaError_t cudaFuncSetAttribute(const void *kernel, cudaFuncAttribute attribute, int value)
{
    if (attribute != cudaFuncAttributeMaxDynamicSharedMemorySize) return cudaSuccess;
    if (value < 0 || value > SHARED_MOST) {
        shim_say("%s: %d bytes of shared memory asked for, %d are the most", shim_kernel_name(kernel), value,
                 (int)SHARED_MOST);
        return shim_error(cudaErrorInvalidValue);
    }
    shared_asked[kernel] = value;
    return cudaSuccess;
}

/* NULL, or what is wrong. */
static const char *wrong(const cudaLaunchConfig_t *config, const void *kernel)
{
    const dim3 *grid = &config->gridDim, *block = &config->blockDim;
    auto asked = shared_asked.find(kernel);
    size_t most = asked == shared_asked.end() ? (size_t)SHARED_UNASKED : (size_t)asked->second;
    if (!grid->x || !grid->y || !grid->z) return "a grid of no blocks";
    if (!block->x || !block->y || !block->z) return "a block of no threads";
    if (grid->x > 2147483647u || grid->y > 65535 || grid->z > 65535) return "the grid is too large";
    if (block->x > 1024 || block->y > 1024 || block->z > 64 ||
        (size_t)block->x * block->y * block->z > MOST_THREADS)
        return "more than 1024 threads in a block";
    if (config->dynamicSmemBytes > (most > SHARED_UNASKED ? most : (size_t)SHARED_UNASKED))
        return "more shared memory than was asked for by cudaFuncSetAttribute";
    return config->numAttrs ? "attributes of launches are not known here" : NULL;
}

cudaError_t shim_launch(const cudaLaunchConfig_t *config, std::shared_ptr<const shim_call> call)
{
    const char *why = wrong(config, call->kernel);
    if (why) {
        const dim3 *grid = &config->gridDim, *block = &config->blockDim;
        shim_say("%s: grid (%u, %u, %u), block (%u, %u, %u), %zu bytes shared: %s",
                 shim_kernel_name(call->kernel), grid->x, grid->y, grid->z, block->x, block->y, block->z,
                 config->dynamicSmemBytes, why);
        return shim_error(cudaErrorInvalidConfiguration);
    }
    struct shim_grid grid = {call, config->gridDim, config->blockDim, config->dynamicSmemBytes,
                             shim_take_operations()};
    return shim_submit(config->stream, {SHIM_KERNEL, call->kernel, [grid] { shim_run_grid(&grid); }});
}

/* The sum over less than 8 bytes wraps as it should: only the low ones are kept. */
static uint64_t changed(int what, uint64_t old, uint64_t value, uint64_t compare, size_t size)
{
    int64_t signed_old = size == 4 ? (int32_t)old : (int64_t)old;
    int64_t signed_value = size == 4 ? (int32_t)value : (int64_t)value;
    switch (what) {
    case SHIM_ADD: return old + value;
    case SHIM_MAX: return value > old ? value : old;
    case SHIM_MIN: return value < old ? value : old;
    case SHIM_MAX_SIGNED: return (uint64_t)(signed_value > signed_old ? signed_value : signed_old);
    case SHIM_MIN_SIGNED: return (uint64_t)(signed_value < signed_old ? signed_value : signed_old);
    case SHIM_OR: return old | value;
    case SHIM_COMPARE:
        return size == 4 && (uint32_t)compare != old ? old : size == 8 && compare != old ? old : value;
    default: return value;
    }
}

uint64_t shim_atomic(void *at, size_t size, int what, uint64_t value, uint64_t compare)
{
    shim_watch_atomic(at, size, __builtin_return_address(0));
    uint64_t old = size == 4 ? *(uint32_t *)at : *(uint64_t *)at;
    uint64_t now = changed(what, old, value, compare, size);
    if (size == 4)
        *(uint32_t *)at = (uint32_t)now;
    else
        *(uint64_t *)at = now;
    return old;
}

void __trap()
{
    shim_die("trap");
}
