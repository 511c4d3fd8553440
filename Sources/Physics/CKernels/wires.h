/* One step of the march through a crossbar, once for each processor: included with NVCIM(name)
 * giving the name a suffix. Sixteen lanes are sixteen voltage vectors side by side. */

typedef double NVCIM(lanes) __attribute__((vector_size(128), aligned(8)));

#define LANES NVCIM(lanes)

void NVCIM(nvcim_wire_step)(const double *g, const double *relief, double sense_relief,
                            double line, double sense, double series, double *volts,
                            double *flows, double *scratch, double *out, size_t rows) {
    LANES *v = (LANES *)volts, *f = (LANES *)flows, *s = (LANES *)scratch;
    LANES above = {0}, sum = {0};
    for (size_t i = 0; i < rows; i++) {
        s[i] = above;
        sum = above + g[i] * v[i];
        above = relief[i] * sum;
    }
    const LANES current = sum * sense_relief;
    if (out) *(LANES *)out = current;
    LANES c = current * sense;
    for (size_t i = rows; i-- > 0;) {
        const LANES flow = f[i] + g[i] * (v[i] - c);
        f[i] = flow;
        v[i] += series * flow;
        if (i > 0) c = relief[i - 1] * c + line * s[i];
    }
}

#undef LANES
