#include "CKernels.h"

#include <string.h>

#pragma STDC FP_CONTRACT OFF

#define NVCIM(name) name##_baseline
#include "body.h"
#include "wires.h"
#undef NVCIM

#if defined(__x86_64__)

#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)
#define NVCIM(name) name##_avx2
#include "body.h"
#include "wires.h"
#undef NVCIM
#pragma clang attribute pop

int nvcim_has_avx2(void) { return __builtin_cpu_supports("avx2") != 0; }

#define CHOOSE(name, ...)                                                                         \
    (nvcim_has_avx2() ? name##_avx2(__VA_ARGS__) : name##_baseline(__VA_ARGS__))

#else

int nvcim_has_avx2(void) { return 0; }

#define CHOOSE(name, ...) name##_baseline(__VA_ARGS__)

#endif

void nvcim_normals(uint64_t key, uint64_t event, uint64_t first, float *out, size_t count) {
    CHOOSE(nvcim_normals, key, event, first, out, count);
}

void nvcim_cell_normals(uint64_t key, uint64_t event, uint64_t first, const int32_t *cells,
                        float *out, size_t count) {
    CHOOSE(nvcim_cell_normals, key, event, first, cells, out, count);
}

void nvcim_drift(const float *g, const float *nu, const uint32_t *instant, const float *log2_age,
                 float *out, size_t count) {
    CHOOSE(nvcim_drift, g, nu, instant, log2_age, out, count);
}

void nvcim_dac(const uint8_t *codes, float lsb, float offset, float *volts, size_t count) {
    CHOOSE(nvcim_dac, codes, lsb, offset, volts, count);
}

size_t nvcim_drive(const uint8_t *codes, float lsb, float offset, float *volts, float *squares,
                   float *sums, size_t rows, size_t columns) {
    return CHOOSE(nvcim_drive, codes, lsb, offset, volts, squares, sums, rows, columns);
}

void nvcim_square(const float *values, float *squares, size_t count) {
    CHOOSE(nvcim_square, values, squares, count);
}

size_t nvcim_convert(const float *mean, const float *variance, size_t stride, const float *z,
                     float codes_per_microampere, float offset, float low, float high,
                     int32_t weight, int32_t *codes, size_t rows, size_t columns) {
    return CHOOSE(nvcim_convert, mean, variance, stride, z, codes_per_microampere, offset, low,
                  high, weight, codes, rows, columns);
}

void nvcim_add_currents(const float *mean, const float *variance, size_t stride, const float *z,
                        float weight, float *sums, size_t rows, size_t columns) {
    CHOOSE(nvcim_add_currents, mean, variance, stride, z, weight, sums, rows, columns);
}

void nvcim_wire_step(const double *g, const double *relief, double sense_relief, double line,
                     double sense, double series, double *volts, double *flows, double *scratch,
                     double *out, size_t rows) {
    CHOOSE(nvcim_wire_step, g, relief, sense_relief, line, sense, series, volts, flows, scratch,
           out, rows);
}
