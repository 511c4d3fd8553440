// A plain C face of the part of libtorch that the host needs.
//
// Conventions, the same for every function:
//
//   1. A tensor handle is one reference to libtorch's own reference-counted
//      object. A handle that a function hands out belongs to the caller, who
//      ends it with `nvt_release`. Arguments are borrowed.
//   2. A function that can fail returns a sentence, allocated with malloc, that
//      the caller frees; no sentence (NULL) means success. On failure the
//      outputs are untouched.
//   3. Shapes are row-major, images are [batch, channels, height, width].
//   4. Nothing here is locked. One thread uses a handle at a time; the gradient
//      mode belongs to the calling thread.

#ifndef NVCIM_CTORCH_H
#define NVCIM_CTORCH_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct nvt_tensor_impl *nvt_tensor;
typedef struct nvt_generator_impl *nvt_generator;
typedef char *nvt_failure;

enum nvt_type { NVT_F32 = 0, NVT_U8 = 1, NVT_I64 = 2, NVT_I32 = 3, NVT_F64 = 4, NVT_BOOL = 5, NVT_OTHER = 6 };

// ---- process

/// Sets libtorch's threads, silences OpenBLAS's own pool where it is loaded and
/// keeps malloc from giving large activations back to the kernel.
nvt_failure nvt_configure(int threads);
int nvt_threads(void);
/// "1.13.1"; the text lives as long as the process.
const char *nvt_version(void);

// ---- handles

void nvt_release(nvt_tensor tensor);
int nvt_rank(nvt_tensor tensor);
int64_t nvt_size(nvt_tensor tensor, int dimension);
int64_t nvt_count(nvt_tensor tensor);
int nvt_type_of(nvt_tensor tensor);
/// Copies all elements, converted and row-major; `count` must be the tensor's.
nvt_failure nvt_copy_f32(nvt_tensor tensor, float *out, int64_t count);
nvt_failure nvt_copy_u8(nvt_tensor tensor, uint8_t *out, int64_t count);
nvt_failure nvt_copy_i16(nvt_tensor tensor, int16_t *out, int64_t count);
nvt_failure nvt_copy_i64(nvt_tensor tensor, int64_t *out, int64_t count);

// ---- making tensors

nvt_failure nvt_from_f32(const float *values, const int64_t *shape, int rank, nvt_tensor *out);
nvt_failure nvt_from_u8(const uint8_t *values, const int64_t *shape, int rank, nvt_tensor *out);
nvt_failure nvt_from_i32(const int32_t *values, const int64_t *shape, int rank, nvt_tensor *out);
nvt_failure nvt_from_i64(const int64_t *values, const int64_t *shape, int rank, nvt_tensor *out);
nvt_failure nvt_full(double value, const int64_t *shape, int rank, nvt_tensor *out);

// ---- integers of a chip: elements in the order of memory, [n, h, w, c] of images

/// Codes clamp(round(values·inverse), low, high), halves to the even integer, as
/// bytes (two's complement where `low` is negative), of the `count` elements from
/// number `start` of a Float32 tensor: [n, h, w, c] of images, row-major of
/// vectors. Not a number has the code `low`.
nvt_failure nvt_codes(
    nvt_tensor values, float inverse, float low, float high, int64_t start, int64_t count,
    uint8_t *out);
/// An uninitialised Float32 tensor [n, c, h, w] that lies in memory as [n, h, w, c].
nvt_failure nvt_empty_images(const int64_t *shape, nvt_tensor *out);
/// The elements from number `start`, in the order of memory, become scale·codes.
nvt_failure nvt_assign_codes(
    nvt_tensor values, const int32_t *codes, float scale, int64_t start, int64_t count);

// ---- random numbers: a generator of one's own, never the global one

nvt_failure nvt_generator_create(uint64_t seed, nvt_generator *out);
void nvt_generator_release(nvt_generator generator);
nvt_failure nvt_normal(nvt_generator generator, const int64_t *shape, int rank, nvt_tensor *out);
nvt_failure nvt_uniform(
    nvt_generator generator, double low, double high, const int64_t *shape, int rank, nvt_tensor *out);
/// A permutation of 0 ..< count, i64.
nvt_failure nvt_permutation(nvt_generator generator, int64_t count, nvt_tensor *out);

// ---- shape and type

nvt_failure nvt_to_type(nvt_tensor tensor, int type, nvt_tensor *out);
nvt_failure nvt_contiguous(nvt_tensor tensor, nvt_tensor *out);
nvt_failure nvt_channels_last(nvt_tensor tensor, nvt_tensor *out);
nvt_failure nvt_reshape(nvt_tensor tensor, const int64_t *shape, int rank, nvt_tensor *out);
nvt_failure nvt_permute(nvt_tensor tensor, const int64_t *order, int rank, nvt_tensor *out);
nvt_failure nvt_narrow(nvt_tensor tensor, int64_t dimension, int64_t start, int64_t length, nvt_tensor *out);
nvt_failure nvt_index_select(nvt_tensor tensor, int64_t dimension, nvt_tensor index, nvt_tensor *out);
nvt_failure nvt_concatenate(const nvt_tensor *tensors, int count, int64_t dimension, nvt_tensor *out);

// ---- arithmetic

/// a + alpha·b, broadcast.
nvt_failure nvt_add(nvt_tensor a, nvt_tensor b, double alpha, nvt_tensor *out);
nvt_failure nvt_multiply(nvt_tensor a, nvt_tensor b, nvt_tensor *out);
/// scale·a + offset.
nvt_failure nvt_affine(nvt_tensor a, double scale, double offset, nvt_tensor *out);
nvt_failure nvt_matmul(nvt_tensor a, nvt_tensor b, nvt_tensor *out);
nvt_failure nvt_round(nvt_tensor a, nvt_tensor *out);
nvt_failure nvt_clamp(nvt_tensor a, double low, double high, nvt_tensor *out);
nvt_failure nvt_absolute(nvt_tensor a, nvt_tensor *out);
nvt_failure nvt_square_root(nvt_tensor a, nvt_tensor *out);
nvt_failure nvt_equal(nvt_tensor a, nvt_tensor b, nvt_tensor *out);
nvt_failure nvt_sum(nvt_tensor a, double *out);
nvt_failure nvt_maximum(nvt_tensor a, double *out);
nvt_failure nvt_minimum(nvt_tensor a, double *out);
nvt_failure nvt_argmax(nvt_tensor a, int64_t dimension, nvt_tensor *out);

// ---- in place, outside the gradient

/// a += alpha·b.
nvt_failure nvt_add_in_place(nvt_tensor a, nvt_tensor b, double alpha);
/// a = scale·a.
nvt_failure nvt_scale_in_place(nvt_tensor a, double scale);
/// a += value·b·c.
nvt_failure nvt_add_product_in_place(nvt_tensor a, nvt_tensor b, nvt_tensor c, double value);
/// a += value·b/c.
nvt_failure nvt_add_quotient_in_place(nvt_tensor a, nvt_tensor b, nvt_tensor c, double value);
nvt_failure nvt_clamp_in_place(nvt_tensor a, double low, double high);
nvt_failure nvt_copy_in_place(nvt_tensor a, nvt_tensor source);

// ---- networks

/// input [n, c, h, w], weight [o, c, k, k] → [n, o, h', w']; no bias.
nvt_failure nvt_convolution(
    nvt_tensor input, nvt_tensor weight, int64_t stride, int64_t padding, nvt_tensor *out);
/// input [n, i], weight [o, i] → [n, o]; no bias.
nvt_failure nvt_linear(nvt_tensor input, nvt_tensor weight, nvt_tensor *out);
nvt_failure nvt_relu(nvt_tensor input, nvt_tensor *out);
/// input = max(0, input), inside the gradient.
nvt_failure nvt_relu_in_place(nvt_tensor input);
/// input += other, inside the gradient.
nvt_failure nvt_sum_in_place(nvt_tensor input, nvt_tensor other);
/// Batch norm of [n, c, h, w] with weight, bias, mean, variance of [c]. While
/// training, the batch's own statistics, and mean and variance follow them.
nvt_failure nvt_batch_norm(
    nvt_tensor input, nvt_tensor weight, nvt_tensor bias, nvt_tensor mean, nvt_tensor variance,
    bool training, double momentum, double epsilon, nvt_tensor *out);
nvt_failure nvt_max_pool(nvt_tensor input, int64_t kernel, int64_t stride, nvt_tensor *out);
nvt_failure nvt_average_pool(nvt_tensor input, int64_t kernel, int64_t stride, nvt_tensor *out);
/// Zero channels before and behind: [n, c, h, w] → [n, before + c + behind, h, w].
nvt_failure nvt_pad_channels(nvt_tensor input, int64_t before, int64_t behind, nvt_tensor *out);
/// A frame of `padding` pixels of the colour `value` [c] around images [n, c, h, w].
nvt_failure nvt_frame(nvt_tensor input, nvt_tensor value, int64_t padding, nvt_tensor *out);
/// Of each image, framed with zeros of width `padding`, the window of the image's
/// own size whose corner is at `rows`, `columns` (i64 [n], 0 … 2·padding);
/// mirrored left to right where `mirrored` (bool [n]) says so.
nvt_failure nvt_crop(
    nvt_tensor images, nvt_tensor rows, nvt_tensor columns, nvt_tensor mirrored, int64_t padding,
    nvt_tensor *out);
/// [n, c, h, w] → [n, c·k·k, h'·w'], the channel slowest.
nvt_failure nvt_im2col(nvt_tensor input, int64_t kernel, int64_t stride, int64_t padding, nvt_tensor *out);
/// Mean cross entropy of logits [n, classes] and labels i64 [n] or shares f32 [n, classes]: a scalar.
/// Of each label's weight the share `smoothing` is spread evenly over all classes.
nvt_failure nvt_cross_entropy(
    nvt_tensor logits, nvt_tensor labels, double smoothing, nvt_tensor *out);
// Mean over rows of -sum p ln p, p = softmax.
nvt_failure nvt_entropy(nvt_tensor logits, nvt_tensor *out);
/// Mean over rows and over the `count` predictions of sum p_v ln(p_v / m), p_v = softmax of logits
/// v, m their mean: the Jensen-Shannon divergence.
nvt_failure nvt_jensen_shannon(const nvt_tensor *logits, int32_t count, nvt_tensor *out);
// Over dimension 1.
nvt_failure nvt_softmax(nvt_tensor logits, nvt_tensor *out);

// ---- gradients

nvt_failure nvt_set_requires_gradient(nvt_tensor tensor, bool required);
bool nvt_requires_gradient(nvt_tensor tensor);
/// The accumulated gradient; NULL where there is none.
nvt_failure nvt_gradient(nvt_tensor tensor, nvt_tensor *out);
nvt_failure nvt_clear_gradient(nvt_tensor tensor);
nvt_failure nvt_backward(nvt_tensor scalar);
nvt_failure nvt_detach(nvt_tensor tensor, nvt_tensor *out);
/// Of the calling thread; returns the mode before.
bool nvt_set_gradient_mode(bool enabled);

/// Passes `value` on; its gradient becomes that of `input`, of the same shape.
nvt_failure nvt_straight_through(nvt_tensor input, nvt_tensor value, nvt_tensor *out);
/// Passes `input` on; the gradient e that comes back becomes Q(e / Shift(max|e|)),
/// WAGE's quantiser of errors with 2^(1 − bits) as its step; zeros stay zeros.
nvt_failure nvt_error_quantised(nvt_tensor input, int64_t bits, nvt_tensor *out);
/// Passes `value` on as the result of convolution(input, weight) and sends its
/// gradient back through that convolution. No digital forward is run.
nvt_failure nvt_convolution_straight_through(
    nvt_tensor input, nvt_tensor weight, nvt_tensor value, int64_t stride, int64_t padding, nvt_tensor *out);
/// The same for linear(input, weight).
nvt_failure nvt_linear_straight_through(
    nvt_tensor input, nvt_tensor weight, nvt_tensor value, nvt_tensor *out);

/// Makes the gradient of a layer's input from that of its product; `out` gets a
/// handle of the caller's. Called on the thread that sends the gradient back.
typedef nvt_failure (*nvt_input_gradient)(void *context, nvt_tensor gradient, nvt_tensor *out);
/// Passes `value` on like the two above; the gradient of the input comes from
/// `source`, that of the weight from the convolution, or with `stride` 0 from
/// linear(input, weight). `release` ends `context` when no gradient needs it.
nvt_failure nvt_straight_through_elsewhere(
    nvt_tensor input, nvt_tensor weight, nvt_tensor value, int64_t stride, int64_t padding,
    nvt_input_gradient source, void *context, void (*release)(void *), nvt_tensor *out);
/// The sums of what im2col spread: [n, c·k·k, h'·w'] → [n, c, height, width].
nvt_failure nvt_col2im(
    nvt_tensor columns, int64_t height, int64_t width, int64_t kernel, int64_t stride,
    int64_t padding, nvt_tensor *out);

#ifdef __cplusplus
}
#endif
#endif
