/* Stacks of fibres, and switching from one to another. */
#ifndef TESTS_SHIM_SWITCH_H
#define TESTS_SHIM_SWITCH_H

#include <stddef.h>

struct fibre {
    void *pointer; /* its stack's, while another runs */
    char *stack;   /* the lowest byte */
    size_t bytes;
    void *fake; /* ASan's */
    struct fibre *next;
};

/* A fibre of the pool, or a new one; begins, and after each give_fibre() goes on, in `body` (always the
 * same). */
struct fibre *fibre_take(void (*body)());
void fibre_give(struct fibre *fibre);
/* The operating system's stack that the caller is on. */
struct fibre *fibre_host();
void fibre_switch(struct fibre *from, struct fibre *to);
/* The first thing a body does. */
void fibre_entered();

#endif
