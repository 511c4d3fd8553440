#include <zmq.h>
/* Not in the Glibc module; libzmq waits for such a descriptor beside its sockets. */
#include <sys/eventfd.h>
