/* What the benchmarks are measured against: the same work in plain C. */
#ifndef NVCIM_CFLOOR_H
#define NVCIM_CFLOOR_H

#include <stddef.h>

/* A ROUTER that answers every message with the same bytes, `count` times. Returns 0, or errno. */
int floor_echo_serve(const char *endpoint, const void *reply, size_t reply_size, size_t count);

/* A DEALER that sends `request` and waits for the answer, `count` times; seconds of each round
 * trip go to `seconds`. Returns 0, or errno. */
int floor_echo_ask(const char *endpoint, const void *request, size_t request_size, size_t count,
                   double *seconds);

/* Writes `bytes` bytes to a new file in pieces of `piece`, each followed by fdatasync. */
int floor_write(const char *path, size_t bytes, size_t piece, double *seconds);

#endif
