/* Launches: a kernel and copies of its arguments, kept for now or for a graph. */
#ifndef TESTS_SHIM_SHIM_LAUNCH_H
#define TESTS_SHIM_SHIM_LAUNCH_H

#include <memory>
#include <tuple>
#include <type_traits>

#include "shim-host.h"

/* What one thread does, and where its arguments lie. */
struct shim_call {
    const void *kernel = NULL;
    size_t bytes = 0; /* of all this, arguments included */
    virtual void run() const = 0;
    virtual ~shim_call()
    {
    }
};

template <class... Parameters> struct shim_call_of : shim_call {
    void (*function)(Parameters...);
    std::tuple<Parameters...> arguments;
    shim_call_of(void (*f)(Parameters...), Parameters... values) : function(f), arguments(values...)
    {
        kernel = (const void *)f;
        bytes = sizeof *this;
    }
    void run() const override
    {
        std::apply(function, arguments);
    }
};

cudaError_t shim_launch(const cudaLaunchConfig_t *config, std::shared_ptr<const shim_call> call);

template <class... Parameters, class... Arguments>
cudaError_t cudaLaunchKernelEx(const cudaLaunchConfig_t *config, void (*kernel)(Parameters...),
                               Arguments &&...arguments)
{
    static_assert((std::is_trivially_copyable<Parameters>::value && ...), "arguments are copied as bytes");
    static_assert((sizeof(Parameters) + ... + 0) <= 4096, "the arguments of a kernel have 4096 bytes");
    return shim_launch(
        config, std::make_shared<shim_call_of<Parameters...>>(kernel, static_cast<Parameters>(arguments)...));
}

template <class... Parameters>
cudaError_t cudaFuncSetAttribute(void (*kernel)(Parameters...), cudaFuncAttribute attribute, int value)
{
    return cudaFuncSetAttribute((const void *)kernel, attribute, value);
}

#endif
