#include <cblas-openblas.h>

/* LAPACK, which the same library holds: a · x = b for nrhs right-hand sides, column-major. */
void dgesv_(const int *n, const int *nrhs, double *a, const int *lda, int *ipiv, double *b,
            const int *ldb, int *info);
