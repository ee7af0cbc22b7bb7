/* Stacks of fibres, and switching from one to another. */
#include "switch.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <ucontext.h>

#include "shim.h"

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/common_interface_defs.h>
#endif

enum { STACK_BYTES = 256 << 10, PAGE = 4096, COLOURS = 16, COLOUR_BYTES = 256 };

static struct fibre *pool;
static unsigned fibres;

#ifdef __x86_64__
/* Saves what a call keeps on the stack, the stack's pointer in *save, and goes on at `to`. */
extern "C" void shim_switch(void **save, void *to);
__asm__(".text\n.globl shim_switch\n.type shim_switch, @function\n"
        "shim_switch:\n"
        "pushq %rbp\npushq %rbx\npushq %r12\npushq %r13\npushq %r14\npushq %r15\n"
        "movq %rsp, (%rdi)\nmovq %rsi, %rsp\n"
        "popq %r15\npopq %r14\npopq %r13\npopq %r12\npopq %rbx\npopq %rbp\nret\n"
        ".size shim_switch, .-shim_switch\n");

static void prepare(struct fibre *fibre, char *top, void (*body)())
{
    void **at = (void **)top;
    *--at = NULL; /* body's return address: it has none */
    *--at = (void *)body;
    for (int i = 0; i < 6; i++) *--at = NULL;
    fibre->pointer = at;
}
static void change(struct fibre *from, struct fibre *to)
{
    shim_switch(&from->pointer, to->pointer);
}
static void prepare_host(struct fibre *)
{
}
#else
static void prepare_host(struct fibre *fibre)
{
    fibre->pointer = calloc(1, sizeof(ucontext_t));
}
static void prepare(struct fibre *fibre, char *top, void (*body)())
{
    prepare_host(fibre);
    ucontext_t *context = (ucontext_t *)fibre->pointer;
    getcontext(context);
    context->uc_stack.ss_sp = fibre->stack;
    context->uc_stack.ss_size = (size_t)(top - fibre->stack);
    makecontext(context, body, 0);
}
static void change(struct fibre *from, struct fibre *to)
{
    swapcontext((ucontext_t *)from->pointer, (ucontext_t *)to->pointer);
}
#endif

/* Below a stack lies a page that nobody may touch. Their tops differ in the bits that choose a line of a
 * cache. */
static struct fibre *make(void (*body)())
{
    struct fibre *fibre = (struct fibre *)calloc(1, sizeof *fibre);
    char *memory = (char *)mmap(NULL, STACK_BYTES + PAGE, PROT_READ | PROT_WRITE,
                                MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (!fibre || memory == MAP_FAILED || mprotect(memory, PAGE, PROT_NONE))
        shim_die("no memory for a stack");
    fibre->stack = memory + PAGE;
    fibre->bytes = STACK_BYTES;
    prepare(fibre, fibre->stack + STACK_BYTES - fibres++ % COLOURS * COLOUR_BYTES, body);
    return fibre;
}

struct fibre *fibre_take(void (*body)())
{
    struct fibre *fibre = pool;
    if (!fibre) return make(body);
    pool = fibre->next;
    return fibre;
}

void fibre_give(struct fibre *fibre)
{
    fibre->next = pool;
    pool = fibre;
}

struct fibre *fibre_host()
{
    static struct fibre host;
    if (host.stack) return &host;
    pthread_attr_t attributes;
    void *stack = NULL;
    pthread_getattr_np(pthread_self(), &attributes);
    pthread_attr_getstack(&attributes, &stack, &host.bytes);
    pthread_attr_destroy(&attributes);
    host.stack = (char *)stack;
    prepare_host(&host);
    return &host;
}

#ifdef __SANITIZE_ADDRESS__
void fibre_switch(struct fibre *from, struct fibre *to)
{
    __sanitizer_start_switch_fiber(&from->fake, to->stack, to->bytes);
    change(from, to);
    __sanitizer_finish_switch_fiber(from->fake, NULL, NULL);
}
void fibre_entered()
{
    __sanitizer_finish_switch_fiber(NULL, NULL, NULL);
}
#else
void fibre_switch(struct fibre *from, struct fibre *to)
{
    change(from, to);
}
void fibre_entered()
{
}
#endif
