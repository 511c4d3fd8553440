/* The loops that a profile showed, in plain C, compiled for the baseline processor and for AVX2:
 * only + - * / and square root, in one order, without fused multiply-add, so that both give the
 * same bits on every processor (tests compare them). The normals are also equal bit for bit to the
 * scalar law in Swift; drift and converters follow laws in double precision within the bounds
 * stated there. */
#ifndef NVCIM_CKERNELS_H
#define NVCIM_CKERNELS_H

#include <stddef.h>
#include <stdint.h>

#define NVCIM_DECLARE(suffix)                                                                     \
    /* out[i] = standard normal number first + i of the dense stream (key, event). */            \
    void nvcim_normals##suffix(uint64_t key, uint64_t event, uint64_t first, float *out,          \
                               size_t count);                                                     \
    /* out[4k … 4k+3] = the four normals of block first + cells[k] of (key, event). */            \
    void nvcim_cell_normals##suffix(uint64_t key, uint64_t event, uint64_t first,                 \
                                    const int32_t *cells, float *out, size_t count);              \
    /* out[i] = g[i] · 2^(−nu[i] · log2_age[instant[i]]). */                                      \
    void nvcim_drift##suffix(const float *g, const float *nu, const uint32_t *instant,            \
                             const float *log2_age, float *out, size_t count);                    \
    /* volts[i] = lsb · codes[i] + offset. */                                                     \
    void nvcim_dac##suffix(const uint8_t *codes, float lsb, float offset, float *volts,           \
                           size_t count);                                                         \
    /* The same for rows x columns codes, with squares = volts^2 and sums[column] += squares.      \
     * Returns how many codes are not 0. */                                                       \
    size_t nvcim_drive##suffix(const uint8_t *codes, float lsb, float offset, float *volts,       \
                               float *squares, float *sums, size_t rows, size_t columns);         \
    void nvcim_square##suffix(const float *values, float *squares, size_t count);                 \
    /* codes += weight · clip(round(x / lsb + offset), low, high), x = mean + sqrt(variance) · z; \
     * without noise `variance` and `z` are null. rows x columns elements; a row of `mean` and    \
     * `variance` begins `stride` elements after the one before, those of `z` and `codes` lie     \
     * together. Returns how many were clipped. */                                                \
    size_t nvcim_convert##suffix(const float *mean, const float *variance, size_t stride,         \
                                 const float *z, float codes_per_microampere, float offset,       \
                                 float low, float high, int32_t weight, int32_t *codes,           \
                                 size_t rows, size_t columns);                                    \
    /* sums += weight · (mean + sqrt(variance) · z), laid out in the same way. */                 \
    void nvcim_add_currents##suffix(const float *mean, const float *variance, size_t stride,      \
                                    const float *z, float weight, float *sums, size_t rows,       \
                                    size_t columns);                                              \
    /* Crosses one column of a crossbar (X-4) with sixteen voltage vectors at once: `volts`,      \
     * `flows` and `scratch` are rows x 16. Adds the currents into the cells to `flows`, then     \
     * series * `flows` to `volts`; `out`, the 16 bit-line currents, may be null. */              \
    void nvcim_wire_step##suffix(const double *g, const double *relief, double sense_relief,      \
                                 double line, double sense, double series, double *volts,         \
                                 double *flows, double *scratch, double *out, size_t rows);

NVCIM_DECLARE()          /* the best that this processor has */
NVCIM_DECLARE(_baseline)
NVCIM_DECLARE(_avx2)     /* only where nvcim_has_avx2() */

int nvcim_has_avx2(void);

#endif
