/* A fault in a kernel, or of host code in device memory, names its place before the program dies of it. */
#include <signal.h>
#include <stdlib.h>

#include "shim.h"

static void caught(int signal, siginfo_t *info, void *)
{
    const char *at = (const char *)info->si_addr;
    const struct shim_allocation *a = shim_find(at);
    bool stack = shim_now.grid && at < shim_now.stack && at >= shim_now.stack - 4096;
    bool arena = shim_arena_bytes() && (size_t)(at - shim_arena()) < shim_arena_bytes();
    struct sigaction usual = {};
    usual.sa_handler = SIG_DFL;
    sigaction(signal, &usual, NULL);
    if (signal == SIGFPE)
        shim_say("division by zero");
    else if (stack)
        shim_say("the stack of a thread is too small");
    else if (arena && a)
        shim_say("%s at byte %zd of allocation %u (%zu bytes%s)",
                 shim_now.grid ? "fault" : "the host's code touched device memory,", at - a->start, a->number,
                 a->bytes, a->live ? "" : ", freed");
    else if (shim_now.grid)
        shim_say("fault at %p", (const void *)at);
}

void shim_catch_faults()
{
    static bool done;
    static char stack[64 << 10];
    struct sigaction action = {};
    stack_t other = {};
    if (done) return;
    done = true;
#ifndef __SANITIZE_ADDRESS__
    other.ss_sp = stack;
    other.ss_size = sizeof stack;
    sigaltstack(&other, NULL);
    action.sa_sigaction = caught;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    for (int signal : {SIGSEGV, SIGBUS, SIGFPE}) sigaction(signal, &action, NULL);
#else
    (void)stack, (void)other, (void)action, (void)caught;
#endif
}
