/* A host shim: the part of CUDA's runtime that kernels/cuda/ uses, so that the very same .cu files run on a
 * processor, compiled by the host's C++ compiler with -x c++ -Itests/shim. Written from the public
 * documentation of the interface; it holds no text of NVIDIA's headers.
 *
 * What it is: a test tool. Each thread of a block is a fibre on one thread of the operating system
 * (fibres.cpp), blocks run one after the other, the one stream runs at once or is captured into a graph
 * (graph.cpp), cublasLt's gemms are OpenBLAS's (blas.cpp). The compiler's flags alone make three builds:
 *
 * - plain: fast. A fault names kernel, block and thread.
 * - asan: -fsanitize=address,undefined for all. Bounds of device memory and of shared memory, alignment.
 * - watched: -fsanitize=thread for the .cu files only, -DSHIM_WATCHED for the shim, no libtsan. watch.cpp
 *   sees every access: to memory not handed out, never written, raced for. It counts bytes too.
 *
 * In all of them a rendezvous that not all threads reach ends the program with a line, and what the runtime
 * or the library refuses gets a line beside its status.
 *
 * What it is not: a model of a GPU's speed, of its rounding of special functions, or of its weak memory order
 * (but watched, order between blocks wants fences and atomics). Blocks are never interleaved, copies from
 * pinned memory are done at once, there is one device and one stream at a time.
 *
 * Environment:
 *
 * - SHIM_ORDER: forward (or none), reverse, shuffle: the order of blocks, and of threads in a block.
 * - SHIM_SEED: of the shuffle.
 * - SHIM_MEMORY: the device's bytes; 8 GiB unless told.
 * - SHIM_DEVICES=0: no device. SHIM_DRIVER=0: a driver too old. SHIM_CAPABILITY: 90 unless told.
 * - SHIM_STRICT=1: the host's code faults where it touches device memory (not under asan; slow).
 * - SHIM_COUNT, watched: the file for a table at exit: kernel, launches, bytes read, bytes written (each byte
 *   once a launch), operations.
 * - SHIM_REPORTS, watched: lines for each kind of error of a kernel; 3 unless told. Any error: exit status 1.
 *
 * Two pointers of the program are set where it has them: cuda_operations_hook(operations), for the table, and
 * cuda_scratch_hook(memory, bytes), which makes scratch nobody's again. */
#ifndef TESTS_SHIM_CUDA_RUNTIME_H
#define TESTS_SHIM_CUDA_RUNTIME_H

#include <stdio.h>
#include <string.h>

#include "library_types.h"
#include "shim-device.h"
#include "shim-host.h"
#include "shim-launch.h"

#endif
