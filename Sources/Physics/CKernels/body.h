/* The kernels, once for each processor: included with NVCIM(name) giving the name a suffix. */

typedef uint32_t NVCIM(u32) __attribute__((vector_size(32)));
typedef int32_t NVCIM(i32) __attribute__((vector_size(32)));
typedef float NVCIM(f32) __attribute__((vector_size(32)));
typedef uint64_t NVCIM(u64) __attribute__((vector_size(64)));

#define U32 NVCIM(u32)
#define I32 NVCIM(i32)
#define F32 NVCIM(f32)
#define U64 NVCIM(u64)
#define INLINE static inline __attribute__((always_inline))

/* Philox4x32-10 (Salmon et al. 2011) of eight blocks; x[c] holds word c of each. */
INLINE void NVCIM(philox)(U32 *x, uint64_t key) {
    uint32_t k0 = (uint32_t)key, k1 = (uint32_t)(key >> 32);
    for (int round = 0; round < 10; round++) {
        const U64 p0 = __builtin_convertvector(x[0], U64) * (uint64_t)0xD2511F53u;
        const U64 p1 = __builtin_convertvector(x[2], U64) * (uint64_t)0xCD9E8D57u;
        const U32 hi0 = __builtin_convertvector(p0 >> 32, U32);
        const U32 hi1 = __builtin_convertvector(p1 >> 32, U32);
        const U32 lo0 = __builtin_convertvector(p0, U32);
        const U32 lo1 = __builtin_convertvector(p1, U32);
        x[0] = hi1 ^ x[1] ^ k0;
        x[1] = lo1;
        x[2] = hi0 ^ x[3] ^ k1;
        x[3] = lo0;
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
}

/* Two words of each block become two normals (Box and Muller 1958). */
INLINE void NVCIM(box_muller)(const U32 *a, const U32 *b, F32 *z0, F32 *z1) {
    /* u = (⌊a/2⌋ + 1/2) · 2^−31 in (0, 1]; ln u = e·ln 2 + 2 artanh(s), s = (m − 1)/(m + 1) */
    const F32 u =
        (__builtin_convertvector((I32)(*a >> 1), F32) + 0.5f) * 4.656612873077393e-10f;
    const I32 bits = (I32)u;
    const I32 e = (bits - 0x3F3504F3) >> 23;
    const F32 m = (F32)(bits - (e << 23));
    const F32 s = (m - 1.0f) / (m + 1.0f);
    const F32 q = s * s;
    const F32 series =
        ((((q * 0.11111111f + 0.14285715f) * q + 0.2f) * q + 0.33333334f) * q + 1.0f) * s;
    const F32 ln = __builtin_convertvector(e, F32) * 0.6931472f + (series + series);
    const F32 square = ln * -2.0f;
    /* u may round to 1 and the logarithm to 0 or a tiny positive number. The maximum of two zeros
     * may have either sign; adding 0 leaves the positive one. */
    const F32 radius =
        __builtin_elementwise_sqrt(__builtin_elementwise_max(square, (F32){}) + 0.0f);

    /* t = b/2^31 half turns in [−1, 1]; t = k/2 + r, |r| ≤ 1/4 */
    const F32 t = __builtin_convertvector((I32)*b, F32) * 4.656612873077393e-10f;
    const F32 shifted = (t + t) + 12582912.0f;
    const I32 k = (I32)shifted;
    const F32 x = (t - (shifted - 12582912.0f) * 0.5f) * 3.1415927f;
    const F32 y = x * x;
    const F32 sine =
        ((((y * 2.7557319e-6f - 1.9841270e-4f) * y + 8.3333333e-3f) * y - 0.16666667f) * y + 1.0f)
        * x;
    const F32 cosine =
        ((((y * -2.7557319e-7f + 2.4801587e-5f) * y - 1.3888889e-3f) * y + 4.1666668e-2f) * y
         - 0.5f)
            * y
        + 1.0f;
    /* A quarter turn swaps sine and cosine; the sign bits follow from k. */
    const I32 odd = -(k & 1);
    const I32 c = ((I32)cosine & ~odd) | ((I32)sine & odd);
    const I32 d = ((I32)sine & ~odd) | ((I32)cosine & odd);
    const I32 c_sign = ((k + 1) & 2) << 30;
    const I32 d_sign = (k & 2) << 30;
    *z0 = radius * (F32)(c ^ c_sign);
    *z1 = radius * (F32)(d ^ d_sign);
}

/* The 32 normals of eight blocks with low counter words `low` and `middle`, block after block. */
INLINE void NVCIM(blocks)(uint64_t key, uint64_t event, const U32 *low, const U32 *middle,
                          float *out) {
    U32 x[4] = {*low, *middle, (U32){} + (uint32_t)event, (U32){} + (uint32_t)(event >> 32)};
    NVCIM(philox)(x, key);
    F32 z0, z1, z2, z3;
    NVCIM(box_muller)(&x[0], &x[1], &z0, &z1);
    NVCIM(box_muller)(&x[2], &x[3], &z2, &z3);
    const F32 a = __builtin_shufflevector(z0, z1, 0, 8, 1, 9, 2, 10, 3, 11);
    const F32 b = __builtin_shufflevector(z2, z3, 0, 8, 1, 9, 2, 10, 3, 11);
    const F32 c = __builtin_shufflevector(z0, z1, 4, 12, 5, 13, 6, 14, 7, 15);
    const F32 d = __builtin_shufflevector(z2, z3, 4, 12, 5, 13, 6, 14, 7, 15);
    const F32 r[4] = {
        __builtin_shufflevector(a, b, 0, 1, 8, 9, 2, 3, 10, 11),
        __builtin_shufflevector(a, b, 4, 5, 12, 13, 6, 7, 14, 15),
        __builtin_shufflevector(c, d, 0, 1, 8, 9, 2, 3, 10, 11),
        __builtin_shufflevector(c, d, 4, 5, 12, 13, 6, 7, 14, 15),
    };
    memcpy(out, r, sizeof r);
}

void NVCIM(nvcim_normals)(uint64_t key, uint64_t event, uint64_t first, float *out, size_t count) {
    uint64_t block = first >> 2;
    size_t skip = first & 3;
    while (count > 0) {
        U32 low, middle;
        for (int lane = 0; lane < 8; lane++) {
            const uint64_t number = block + (uint64_t)lane;
            low[lane] = (uint32_t)number;
            middle[lane] = (uint32_t)(number >> 32);
        }
        if (skip == 0 && count >= 32) {
            NVCIM(blocks)(key, event, &low, &middle, out);
            out += 32;
            count -= 32;
        } else {
            float some[32];
            NVCIM(blocks)(key, event, &low, &middle, some);
            const size_t n = 32 - skip < count ? 32 - skip : count;
            memcpy(out, some + skip, n * sizeof *out);
            out += n;
            count -= n;
            skip = 0;
            /* Whatever follows starts on a block again only after all eight were used. */
        }
        block += 8;
    }
}

void NVCIM(nvcim_cell_normals)(uint64_t key, uint64_t event, uint64_t first, const int32_t *cells,
                               float *out, size_t count) {
    for (size_t at = 0; at < count; at += 8) {
        const size_t n = count - at < 8 ? count - at : 8;
        U32 low = {}, middle = {};
        for (size_t lane = 0; lane < n; lane++) {
            const uint64_t number = first + (uint64_t)(uint32_t)cells[at + lane];
            low[lane] = (uint32_t)number;
            middle[lane] = (uint32_t)(number >> 32);
        }
        float some[32];
        NVCIM(blocks)(key, event, &low, &middle, some);
        memcpy(out + 4 * at, some, 4 * n * sizeof *out);
    }
}

void NVCIM(nvcim_drift)(const float *restrict g, const float *restrict nu,
                        const uint32_t *restrict instant, const float *restrict log2_age,
                        float *restrict out, size_t count) {
    for (size_t i = 0; i < count; i++) {
        /* 2^y = 2^k · e^(f ln 2), |f| ≤ 1/2; below 2^−126 the result is that. */
        const float exact = -(nu[i] * log2_age[instant[i]]);
        const float y = exact < -126.0f ? -126.0f : exact;
        const float shifted = y + 12582912.0f;
        const int32_t k = (int32_t)(shifted - 12582912.0f);
        const float x = (y - (shifted - 12582912.0f)) * 0.6931472f;
        const float power =
            ((((((x * 1.9841270e-4f + 1.3888889e-3f) * x + 8.3333333e-3f) * x + 4.1666668e-2f) * x
               + 0.16666667f)
                  * x
              + 0.5f)
                 * x
             + 1.0f)
                * x
            + 1.0f;
        const uint32_t bits = (uint32_t)(k + 127) << 23;
        float scale;
        memcpy(&scale, &bits, sizeof scale);
        out[i] = g[i] * (power * scale);
    }
}

void NVCIM(nvcim_dac)(const uint8_t *codes, float lsb, float offset, float *volts,
                      size_t count) {
    for (size_t i = 0; i < count; i++) volts[i] = lsb * (float)codes[i] + offset;
}

size_t NVCIM(nvcim_drive)(const uint8_t *restrict codes, float lsb, float offset,
                          float *restrict volts, float *restrict squares, float *restrict sums,
                          size_t rows, size_t columns) {
    size_t driven = 0;
    for (size_t row = 0; row < rows; row++) {
        uint32_t count = 0;
        for (size_t i = 0; i < columns; i++) {
            const float v = lsb * (float)codes[i] + offset;
            const float square = v * v;
            volts[i] = v;
            squares[i] = square;
            sums[i] += square;
            count += codes[i] != 0;
        }
        driven += count;
        codes += columns;
        volts += columns;
        squares += columns;
    }
    return driven;
}

void NVCIM(nvcim_square)(const float *values, float *squares, size_t count) {
    for (size_t i = 0; i < count; i++) squares[i] = values[i] * values[i];
}

/* Inlined with and without noise: a test of `variance` inside the loop would keep it scalar. */
INLINE size_t NVCIM(convert)(int has_noise, const float *mean, const float *variance,
                             const float *z, float codes_per_microampere, float offset, float low,
                             float high, int32_t weight, int32_t *restrict codes, size_t count) {
    uint32_t clipped = 0;
    for (size_t i = 0; i < count; i++) {
        const float x =
            has_noise ? mean[i] + __builtin_elementwise_sqrt(variance[i]) * z[i] : mean[i];
        const float code = x * codes_per_microampere + offset;
        const float floor = code < low ? low : code;
        const float held = floor > high ? high : floor;
        /* Ties to even; |held| < 2^22 */
        const float whole = (held + 12582912.0f) - 12582912.0f;
        clipped += (code < low - 0.5f) | (code > high + 0.5f);
        codes[i] += weight * (int32_t)whole;
    }
    return clipped;
}

size_t NVCIM(nvcim_convert)(const float *mean, const float *variance, size_t stride,
                            const float *z, float codes_per_microampere, float offset, float low,
                            float high, int32_t weight, int32_t *codes, size_t rows,
                            size_t columns) {
    size_t clipped = 0;
    if (stride == columns) {
        columns *= rows;
        rows = columns > 0;
    }
    for (size_t row = 0; row < rows; row++) {
        clipped +=
            variance
                ? NVCIM(convert)(1, mean + row * stride, variance + row * stride,
                                 z + row * columns, codes_per_microampere, offset, low, high,
                                 weight, codes + row * columns, columns)
                : NVCIM(convert)(0, mean + row * stride, variance, z, codes_per_microampere, offset,
                                 low, high, weight, codes + row * columns, columns);
    }
    return clipped;
}

void NVCIM(nvcim_add_currents)(const float *mean, const float *variance, size_t stride,
                               const float *z, float weight, float *restrict sums, size_t rows,
                               size_t columns) {
    for (size_t row = 0; row < rows; row++) {
        const float *m = mean + row * stride;
        float *restrict sum = sums + row * columns;
        if (variance) {
            const float *v = variance + row * stride, *normal = z + row * columns;
            for (size_t i = 0; i < columns; i++) {
                sum[i] += weight * (m[i] + __builtin_elementwise_sqrt(v[i]) * normal[i]);
            }
        } else {
            for (size_t i = 0; i < columns; i++) sum[i] += weight * m[i];
        }
    }
}

#undef U32
#undef I32
#undef F32
#undef U64
#undef INLINE
