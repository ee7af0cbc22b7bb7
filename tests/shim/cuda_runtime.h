/* A host shim: the part of CUDA's runtime that kernels/cuda/ uses, so that the very same .cu files run on a
 * processor, compiled by the host's C++ compiler with -x c++ -Itests/shim. Written from the public
 * documentation of the interface; it holds no text of NVIDIA's headers.
 *
 * What it is: a test tool. Each thread of a block is a fibre on one thread of the operating system
 * (fibres.cpp), blocks run one after the other, the one stream runs at once or is recorded into a graph
 * (graph.cpp). Three builds by the flags of the compiler alone: plain     fast; a segmentation fault names
 * kernel, block and thread asan      -fsanitize=address,undefined for all: bounds of device memory and of
 * shared memory, alignment watched   -fsanitize=thread for the .cu files only, and nothing of libtsan linked:
 * watch.cpp sees every access: memory not handed out, never written, or raced for; it counts bytes too What
 * it is not: a model of a GPU's speed, rounding of special functions, or weak memory order; blocks are never
 * interleaved, warps have 32 lanes that need not step together, one device, one stream at a time.
 *
 * Environment:
 *   SHIM_ORDER     forward (default), reverse, shuffle: the order of blocks, and of threads in a block
 *   SHIM_SEED      of the shuffle
 *   SHIM_MEMORY    the device's bytes, 8 GiB unless told
 *   SHIM_DEVICES   0: no device; SHIM_DRIVER 0: the driver is too old
 *   SHIM_CAPABILITY  compute capability times ten, 90 unless told
 *   SHIM_STRICT    1: device memory cannot be touched by host code (watched and plain builds; slow)
 *   SHIM_COUNT     watched: at exit a table goes there: kernel, launches, bytes_read, bytes_written,
 * operations SHIM_REPORTS   watched: lines printed for each kind of error of a kernel, 3 unless told */
#ifndef SHIM_CUDA_RUNTIME_H
#define SHIM_CUDA_RUNTIME_H

#include <stdio.h>
#include <string.h>

#include "library_types.h"
#include "shim-device.h"
#include "shim-host.h"
#include "shim-launch.h"

#endif
