/* Memory from the heap, and formatted strings: a program that gets none ends. */
#ifndef COMMON_MEMORY_H
#define COMMON_MEMORY_H

#include <stdarg.h>
#include <stddef.h>

/* count elements of size bytes, zeroed; dies saying how many bytes were asked for. Caller frees. */
void *allocate_or_die(size_t count, size_t size);

/* Grows (or shrinks) a block; the content stays. Caller frees. */
void *reallocate_or_die(void *block, size_t count, size_t size);

/* A formatted string. Caller frees. */
char *text_or_die(const char *format, ...) __attribute__((format(printf, 1, 2)));
char *vtext_or_die(const char *format, va_list values) __attribute__((format(printf, 1, 0)));

#endif
