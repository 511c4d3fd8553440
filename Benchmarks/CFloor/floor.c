#define _GNU_SOURCE
#include "CFloor.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <zmq.h>

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* One frame of the current message, whatever it holds; returns its size or -1. */
static int take(void *socket, void *buffer, size_t size) { return zmq_recv(socket, buffer, size, 0); }

int floor_echo_serve(const char *endpoint, const void *reply, size_t reply_size, size_t count) {
    void *context = zmq_ctx_new();
    void *socket = zmq_socket(context, ZMQ_ROUTER);
    int status = zmq_bind(socket, endpoint) == 0 ? 0 : errno;
    char routing[256], body[65536];
    for (size_t i = 0; status == 0 && i < count; i++) {
        const int n = take(socket, routing, sizeof routing);
        if (n < 0 || take(socket, body, sizeof body) < 0
            || zmq_send(socket, routing, (size_t)n, ZMQ_SNDMORE) < 0
            || zmq_send(socket, reply, reply_size, 0) < 0)
            status = errno;
    }
    zmq_close(socket);
    zmq_ctx_term(context);
    return status;
}

int floor_echo_ask(const char *endpoint, const void *request, size_t request_size, size_t count,
                   double *seconds) {
    void *context = zmq_ctx_new();
    void *socket = zmq_socket(context, ZMQ_DEALER);
    const int linger = 0, timeout = 10000;
    zmq_setsockopt(socket, ZMQ_LINGER, &linger, sizeof linger);
    zmq_setsockopt(socket, ZMQ_RCVTIMEO, &timeout, sizeof timeout);
    int status = zmq_connect(socket, endpoint) == 0 ? 0 : errno;
    char body[65536];
    for (size_t i = 0; status == 0 && i < count; i++) {
        const double start = now();
        if (zmq_send(socket, request, request_size, 0) < 0 || take(socket, body, sizeof body) < 0)
            status = errno;
        seconds[i] = now() - start;
    }
    zmq_close(socket);
    zmq_ctx_term(context);
    return status;
}

int floor_write(const char *path, size_t bytes, size_t piece, double *seconds) {
    char *block = malloc(piece);
    if (!block) return ENOMEM;
    memset(block, 0x5A, piece);
    const int file = open(path, O_CREAT | O_TRUNC | O_WRONLY, 0600);
    int status = file < 0 ? errno : 0;
    const double start = now();
    for (size_t at = 0; status == 0 && at < bytes; at += piece)
        if (pwrite(file, block, piece, (off_t)at) != (ssize_t)piece || fdatasync(file) != 0)
            status = errno;
    *seconds = now() - start;
    if (file >= 0) close(file);
    free(block);
    return status;
}
