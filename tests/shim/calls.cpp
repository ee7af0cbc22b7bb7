/* What the compiler calls in code compiled with -fsanitize=thread. The names and arguments are its interface.
 */
#include "watch.h"

#define SEE(BYTES, ACCESS) watch_access(at, BYTES, ACCESS, __builtin_return_address(0))
#define SEE_ALIGNED(BYTES, ACCESS)                                                                           \
    if ((uintptr_t)at % (BYTES < 8 ? BYTES : 8))                                                             \
        watch_misaligned(at, BYTES, ACCESS, __builtin_return_address(0));                                    \
    SEE(BYTES, ACCESS)
#define ACCESSES(BYTES)                                                                                      \
    void __tsan_read##BYTES(void *at)                                                                        \
    {                                                                                                        \
        SEE_ALIGNED(BYTES, ACCESS_READ);                                                                     \
    }                                                                                                        \
    void __tsan_write##BYTES(void *at)                                                                       \
    {                                                                                                        \
        SEE_ALIGNED(BYTES, ACCESS_WRITE);                                                                    \
    }                                                                                                        \
    void __tsan_unaligned_read##BYTES(void *at)                                                              \
    {                                                                                                        \
        SEE(BYTES, ACCESS_READ);                                                                             \
    }                                                                                                        \
    void __tsan_unaligned_write##BYTES(void *at)                                                             \
    {                                                                                                        \
        SEE(BYTES, ACCESS_WRITE);                                                                            \
    }                                                                                                        \
    void __tsan_volatile_read##BYTES(void *at)                                                               \
    {                                                                                                        \
        SEE_ALIGNED(BYTES, ACCESS_READ);                                                                     \
    }                                                                                                        \
    void __tsan_volatile_write##BYTES(void *at)                                                              \
    {                                                                                                        \
        SEE_ALIGNED(BYTES, ACCESS_WRITE);                                                                    \
    }

/* The host's own atomics (counts of references) in code that is compiled so. */
#define ATOMICS(BITS, T)                                                                                     \
    T __tsan_atomic##BITS##_load(const volatile T *at, int)                                                  \
    {                                                                                                        \
        return __atomic_load_n(at, __ATOMIC_SEQ_CST);                                                        \
    }                                                                                                        \
    void __tsan_atomic##BITS##_store(volatile T *at, T value, int)                                           \
    {                                                                                                        \
        __atomic_store_n(at, value, __ATOMIC_SEQ_CST);                                                       \
    }                                                                                                        \
    T __tsan_atomic##BITS##_exchange(volatile T *at, T value, int)                                           \
    {                                                                                                        \
        return __atomic_exchange_n(at, value, __ATOMIC_SEQ_CST);                                             \
    }                                                                                                        \
    T __tsan_atomic##BITS##_fetch_add(volatile T *at, T value, int)                                          \
    {                                                                                                        \
        return __atomic_fetch_add(at, value, __ATOMIC_SEQ_CST);                                              \
    }                                                                                                        \
    T __tsan_atomic##BITS##_fetch_sub(volatile T *at, T value, int)                                          \
    {                                                                                                        \
        return __atomic_fetch_sub(at, value, __ATOMIC_SEQ_CST);                                              \
    }                                                                                                        \
    int __tsan_atomic##BITS##_compare_exchange_strong(volatile T *at, T *old, T value, int, int)             \
    {                                                                                                        \
        return __atomic_compare_exchange_n(at, old, value, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);       \
    }                                                                                                        \
    int __tsan_atomic##BITS##_compare_exchange_weak(volatile T *at, T *old, T value, int, int)               \
    {                                                                                                        \
        return __atomic_compare_exchange_n(at, old, value, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);       \
    }

extern "C" {
void __tsan_init()
{
    shim_watched = true;
}
void __tsan_func_entry(void *)
{
}
void __tsan_func_exit()
{
}
void __tsan_vptr_update(void **, void *)
{
}
void __tsan_vptr_read(void **)
{
}
void __tsan_read_range(void *at, unsigned long bytes)
{
    SEE(bytes, ACCESS_READ);
}
void __tsan_write_range(void *at, unsigned long bytes)
{
    SEE(bytes, ACCESS_WRITE);
}
ACCESSES(1)
ACCESSES(2)
ACCESSES(4)
ACCESSES(8)
ACCESSES(16)
ATOMICS(8, unsigned char)
ATOMICS(16, unsigned short)
ATOMICS(32, unsigned)
ATOMICS(64, unsigned long)
void __tsan_atomic_thread_fence(int)
{
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
}
void __tsan_atomic_signal_fence(int)
{
}
}

#ifdef SHIM_WATCHED
/* The compiler makes calls of these out of copies and loops, and tells nobody: the whole program has these
 * instead of the library's, and a kernel's are seen. */
static void see(const void *at, size_t bytes, enum access access, const void *pc)
{
    if (shim_now.in_kernel && bytes) watch_access(at, bytes, access, pc);
}

extern "C" {
void *memcpy(void *to, const void *from, size_t bytes)
{
    return memmove(to, from, bytes);
}

void *memmove(void *to, const void *from, size_t bytes)
{
    char *target = (char *)to;
    const char *source = (const char *)from;
    bool backwards = (uintptr_t)to - (uintptr_t)from < bytes;
    see(from, bytes, ACCESS_READ, __builtin_return_address(0));
    see(to, bytes, ACCESS_WRITE, __builtin_return_address(0));
    if (!backwards) {
        __asm__ volatile("rep movsb" : "+D"(target), "+S"(source), "+c"(bytes) : : "memory");
        return to;
    }
    target += bytes - 1, source += bytes - 1;
    __asm__ volatile("std\nrep movsb\ncld" : "+D"(target), "+S"(source), "+c"(bytes) : : "memory");
    return to;
}

void *memset(void *to, int value, size_t bytes)
{
    void *at = to;
    see(to, bytes, ACCESS_WRITE, __builtin_return_address(0));
    __asm__ volatile("rep stosb" : "+D"(at), "+c"(bytes) : "a"(value) : "memory");
    return to;
}
}
#endif
