// The only file that includes libtorch.

#include "CTorch.h"

#include <dlfcn.h>
#include <malloc.h>

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <string>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <torch/csrc/api/include/torch/version.h>
#include <torch/csrc/autograd/custom_function.h>

namespace {

using at::Tensor;
using Implementation = c10::TensorImpl;
using Reference = c10::intrusive_ptr<Implementation, c10::UndefinedTensorImpl>;

Tensor borrow(nvt_tensor handle) {
    return Tensor(Reference::reclaim_copy(reinterpret_cast<Implementation *>(handle)));
}

nvt_tensor hand(Tensor tensor) {
    return reinterpret_cast<nvt_tensor>(tensor.unsafeReleaseIntrusivePtr().release());
}

at::Generator borrow(nvt_generator generator) {
    return *reinterpret_cast<at::Generator *>(generator);
}

at::IntArrayRef dimensions(const int64_t *shape, int rank) {
    return at::IntArrayRef(shape, static_cast<size_t>(rank));
}

/// Runs `body`; what it throws becomes a sentence.
template <class Body>
nvt_failure guarded(Body &&body) noexcept {
    try {
        body();
        return nullptr;
    } catch (const c10::Error &error) {
        return strdup(error.what_without_backtrace());
    } catch (const std::exception &error) {
        return strdup(error.what());
    } catch (...) {
        return strdup("libtorch failed without a sentence");
    }
}

at::ScalarType scalar_type(int type) {
    switch (type) {
    case NVT_F32: return at::kFloat;
    case NVT_U8: return at::kByte;
    case NVT_I64: return at::kLong;
    case NVT_I32: return at::kInt;
    case NVT_F64: return at::kDouble;
    case NVT_BOOL: return at::kBool;
    default: TORCH_CHECK(false, "element type ", type, " is not one of the shim's");
    }
}

template <class Element>
nvt_failure make(const Element *values, const int64_t *shape, int rank, at::ScalarType type, nvt_tensor *out) {
    return guarded([&] {
        Tensor tensor = at::empty(dimensions(shape, rank), at::TensorOptions(type));
        if (tensor.numel() > 0) {
            std::memcpy(tensor.data_ptr(), values, static_cast<size_t>(tensor.numel()) * sizeof(Element));
        }
        *out = hand(tensor);
    });
}

template <class Element>
nvt_failure copy(nvt_tensor handle, Element *values, int64_t count, at::ScalarType type) {
    return guarded([&] {
        Tensor tensor = borrow(handle).detach();
        TORCH_CHECK(tensor.numel() == count, "a copy of ", count, " elements from a tensor of ", tensor.numel());
        if (count == 0) return;
        Tensor plain = tensor.to(type).contiguous();
        std::memcpy(values, plain.data_ptr(), static_cast<size_t>(count) * sizeof(Element));
    });
}

/// Whether elements lie without gaps, the channel of images fastest.
bool inMemoryOrder(const Tensor &tensor) {
    return tensor.dim() == 4 ? tensor.is_contiguous(at::MemoryFormat::ChannelsLast) : tensor.is_contiguous();
}

/// Result given, gradient as if nothing had happened.
struct StraightThrough : torch::autograd::Function<StraightThrough> {
    static Tensor forward(
        torch::autograd::AutogradContext *, const Tensor &, const Tensor &value) {
        return value.alias();
    }

    static torch::autograd::variable_list backward(
        torch::autograd::AutogradContext *, torch::autograd::variable_list gradients) {
        return {gradients[0], Tensor()};
    }
};

/// Nothing happens forwards; the error that comes back is rounded by WAGE's Q_E.
struct ErrorQuantised : torch::autograd::Function<ErrorQuantised> {
    static Tensor forward(
        torch::autograd::AutogradContext *context, const Tensor &input, int64_t bits) {
        context->saved_data["bits"] = bits;
        return input.alias();
    }

    static torch::autograd::variable_list backward(
        torch::autograd::AutogradContext *context, torch::autograd::variable_list gradients) {
        double levels = std::ldexp(1.0, static_cast<int>(context->saved_data["bits"].toInt()) - 1);
        Tensor error = gradients[0];
        double largest = error.abs().max().item<double>();
        if (largest == 0) return {error, Tensor()};
        double shift = std::exp2(std::nearbyint(std::log2(largest)));
        return {at::round(error * (levels / shift)).clamp(1 - levels, levels - 1) / levels, Tensor()};
    }
};

/// Result given, gradient by the convolution's own backward.
struct ConvolutionStraightThrough : torch::autograd::Function<ConvolutionStraightThrough> {
    static Tensor forward(
        torch::autograd::AutogradContext *context, const Tensor &input, const Tensor &weight,
        const Tensor &value, int64_t stride, int64_t padding) {
        context->save_for_backward({input, weight});
        context->saved_data["stride"] = stride;
        context->saved_data["padding"] = padding;
        return value.alias();
    }

    static torch::autograd::variable_list backward(
        torch::autograd::AutogradContext *context, torch::autograd::variable_list gradients) {
        auto saved = context->get_saved_variables();
        int64_t stride = context->saved_data["stride"].toInt();
        int64_t padding = context->saved_data["padding"].toInt();
        auto [input, weight, bias] = at::convolution_backward(
            gradients[0], saved[0], saved[1], c10::nullopt, {stride, stride}, {padding, padding}, {1, 1},
            false, {0, 0}, 1, {context->needs_input_grad(0), context->needs_input_grad(1), false});
        return {input, weight, Tensor(), Tensor(), Tensor()};
    }
};

/// Result given, gradient by the linear layer's own backward.
struct LinearStraightThrough : torch::autograd::Function<LinearStraightThrough> {
    static Tensor forward(
        torch::autograd::AutogradContext *context, const Tensor &input, const Tensor &weight,
        const Tensor &value) {
        context->save_for_backward({input, weight});
        return value.alias();
    }

    static torch::autograd::variable_list backward(
        torch::autograd::AutogradContext *context, torch::autograd::variable_list gradients) {
        auto saved = context->get_saved_variables();
        Tensor input, weight;
        if (context->needs_input_grad(0)) input = gradients[0].matmul(saved[1]);
        if (context->needs_input_grad(1)) weight = gradients[0].t().matmul(saved[0]);
        return {input, weight, Tensor()};
    }
};

/// Who makes the gradient of an input; lives as long as a graph refers to it.
struct GradientSource : torch::CustomClassHolder {
    nvt_input_gradient call;
    void *context;
    void (*release)(void *);
    GradientSource(nvt_input_gradient call, void *context, void (*release)(void *))
        : call(call), context(context), release(release) {}
    ~GradientSource() override { release(context); }
};

/// Result given, gradient of the input by somebody else, of the weight by the layer.
struct StraightThroughElsewhere : torch::autograd::Function<StraightThroughElsewhere> {
    static Tensor forward(
        torch::autograd::AutogradContext *context, const Tensor &input, const Tensor &weight,
        const Tensor &value, int64_t stride, int64_t padding,
        const c10::intrusive_ptr<GradientSource> &source) {
        context->save_for_backward({input, weight});
        context->saved_data["stride"] = stride;
        context->saved_data["padding"] = padding;
        context->saved_data["source"] = c10::IValue::make_capsule(source);
        return value.alias();
    }

    static torch::autograd::variable_list backward(
        torch::autograd::AutogradContext *context, torch::autograd::variable_list gradients) {
        auto saved = context->get_saved_variables();
        int64_t stride = context->saved_data["stride"].toInt();
        int64_t padding = context->saved_data["padding"].toInt();
        Tensor input, weight;
        if (context->needs_input_grad(0)) {
            auto holder = context->saved_data["source"].toCapsule();
            auto source = static_cast<GradientSource *>(holder.get());
            nvt_tensor gradient = hand(gradients[0]), made = nullptr;
            nvt_failure failure = source->call(source->context, gradient, &made);
            nvt_release(gradient);
            if (failure != nullptr) {
                std::string sentence(failure);
                std::free(failure);
                throw std::runtime_error(sentence);
            }
            input = borrow(made);
            nvt_release(made);
        }
        if (context->needs_input_grad(1)) {
            weight = stride == 0
                ? gradients[0].t().matmul(saved[0])
                : std::get<1>(at::convolution_backward(
                      gradients[0], saved[0], saved[1], c10::nullopt, {stride, stride},
                      {padding, padding}, {1, 1}, false, {0, 0}, 1, {false, true, false}));
        }
        return {input, weight, Tensor(), Tensor(), Tensor(), Tensor()};
    }
};

}  // namespace

// ---- process

nvt_failure nvt_configure(int threads) {
    return guarded([&] {
        TORCH_CHECK(threads >= 1, "the number of threads must be at least 1, not ", threads);
        at::set_num_threads(threads);
        // OpenBLAS starts a pool of its own that fights libgomp's for the cores.
        using SetThreads = void (*)(int);
        if (auto set = reinterpret_cast<SetThreads>(dlsym(RTLD_DEFAULT, "openblas_set_num_threads"))) set(1);
        // Activations are freed and wanted again at every step: keep the pages.
        mallopt(M_MMAP_MAX, 0);
        mallopt(M_TRIM_THRESHOLD, -1);
        mallopt(M_TOP_PAD, 64 << 20);
    });
}

int nvt_threads(void) { return at::get_num_threads(); }
const char *nvt_version(void) { return TORCH_VERSION; }

// ---- handles

void nvt_release(nvt_tensor tensor) {
    if (tensor != nullptr) Reference::reclaim(reinterpret_cast<Implementation *>(tensor));
}

int nvt_rank(nvt_tensor tensor) { return static_cast<int>(borrow(tensor).dim()); }
int64_t nvt_size(nvt_tensor tensor, int dimension) { return borrow(tensor).sizes()[static_cast<size_t>(dimension)]; }
int64_t nvt_count(nvt_tensor tensor) { return borrow(tensor).numel(); }

int nvt_type_of(nvt_tensor tensor) {
    switch (borrow(tensor).scalar_type()) {
    case at::kFloat: return NVT_F32;
    case at::kByte: return NVT_U8;
    case at::kLong: return NVT_I64;
    case at::kInt: return NVT_I32;
    case at::kDouble: return NVT_F64;
    case at::kBool: return NVT_BOOL;
    default: return NVT_OTHER;
    }
}

nvt_failure nvt_copy_f32(nvt_tensor tensor, float *out, int64_t count) {
    return copy(tensor, out, count, at::kFloat);
}
nvt_failure nvt_copy_u8(nvt_tensor tensor, uint8_t *out, int64_t count) {
    return copy(tensor, out, count, at::kByte);
}
nvt_failure nvt_copy_i16(nvt_tensor tensor, int16_t *out, int64_t count) {
    return copy(tensor, out, count, at::kShort);
}
nvt_failure nvt_copy_i64(nvt_tensor tensor, int64_t *out, int64_t count) {
    return copy(tensor, out, count, at::kLong);
}

// ---- making tensors

nvt_failure nvt_from_f32(const float *values, const int64_t *shape, int rank, nvt_tensor *out) {
    return make(values, shape, rank, at::kFloat, out);
}
nvt_failure nvt_from_u8(const uint8_t *values, const int64_t *shape, int rank, nvt_tensor *out) {
    return make(values, shape, rank, at::kByte, out);
}
nvt_failure nvt_from_i32(const int32_t *values, const int64_t *shape, int rank, nvt_tensor *out) {
    return make(values, shape, rank, at::kInt, out);
}
nvt_failure nvt_from_i64(const int64_t *values, const int64_t *shape, int rank, nvt_tensor *out) {
    return make(values, shape, rank, at::kLong, out);
}
nvt_failure nvt_full(double value, const int64_t *shape, int rank, nvt_tensor *out) {
    return guarded([&] { *out = hand(at::full(dimensions(shape, rank), value, at::kFloat)); });
}

// ---- integers of a chip

nvt_failure nvt_codes(
    nvt_tensor values, float inverse, float low, float high, int64_t start, int64_t count,
    uint8_t *out) {
    return guarded([&] {
        Tensor tensor = borrow(values);
        TORCH_CHECK(tensor.scalar_type() == at::kFloat, "codes of elements that aren't Float32");
        TORCH_CHECK(inMemoryOrder(tensor), "codes of a tensor that isn't in the order of memory");
        TORCH_CHECK(start >= 0 && count >= 0 && start + count <= tensor.numel(), "codes beyond the end");
        const float *from = tensor.data_ptr<float>() + start;
        for (int64_t i = 0; i < count; i++) {
            const float x = from[i] * inverse;
            const float above = x > low ? x : low;
            const float held = above < high ? above : high;
            // Ties to even; |held| < 2^22.
            out[i] = static_cast<uint8_t>(static_cast<int32_t>((held + 12582912.0f) - 12582912.0f));
        }
    });
}
nvt_failure nvt_empty_images(const int64_t *shape, nvt_tensor *out) {
    return guarded([&] {
        *out = hand(at::empty(
            dimensions(shape, 4), at::TensorOptions(at::kFloat), at::MemoryFormat::ChannelsLast));
    });
}
nvt_failure nvt_assign_codes(
    nvt_tensor values, const int32_t *codes, float scale, int64_t start, int64_t count) {
    return guarded([&] {
        Tensor tensor = borrow(values);
        TORCH_CHECK(tensor.scalar_type() == at::kFloat, "codes for elements that aren't Float32");
        TORCH_CHECK(inMemoryOrder(tensor), "codes for a tensor that isn't in the order of memory");
        TORCH_CHECK(start >= 0 && count >= 0 && start + count <= tensor.numel(), "codes beyond the end");
        float *to = tensor.data_ptr<float>() + start;
        for (int64_t i = 0; i < count; i++) to[i] = scale * static_cast<float>(codes[i]);
    });
}

// ---- random numbers

nvt_failure nvt_generator_create(uint64_t seed, nvt_generator *out) {
    return guarded([&] {
        *out = reinterpret_cast<nvt_generator>(new at::Generator(at::detail::createCPUGenerator(seed)));
    });
}
void nvt_generator_release(nvt_generator generator) { delete reinterpret_cast<at::Generator *>(generator); }

nvt_failure nvt_normal(nvt_generator generator, const int64_t *shape, int rank, nvt_tensor *out) {
    return guarded([&] { *out = hand(at::randn(dimensions(shape, rank), borrow(generator), at::kFloat)); });
}
nvt_failure nvt_uniform(
    nvt_generator generator, double low, double high, const int64_t *shape, int rank, nvt_tensor *out) {
    return guarded([&] {
        *out = hand(at::empty(dimensions(shape, rank), at::kFloat).uniform_(low, high, borrow(generator)));
    });
}
nvt_failure nvt_permutation(nvt_generator generator, int64_t count, nvt_tensor *out) {
    return guarded([&] { *out = hand(at::randperm(count, borrow(generator), at::kLong)); });
}

// ---- shape and type

nvt_failure nvt_to_type(nvt_tensor tensor, int type, nvt_tensor *out) {
    return guarded([&] { *out = hand(borrow(tensor).to(scalar_type(type))); });
}
nvt_failure nvt_contiguous(nvt_tensor tensor, nvt_tensor *out) {
    return guarded([&] { *out = hand(borrow(tensor).contiguous()); });
}
nvt_failure nvt_channels_last(nvt_tensor tensor, nvt_tensor *out) {
    return guarded([&] { *out = hand(borrow(tensor).contiguous(at::MemoryFormat::ChannelsLast)); });
}
nvt_failure nvt_reshape(nvt_tensor tensor, const int64_t *shape, int rank, nvt_tensor *out) {
    return guarded([&] { *out = hand(borrow(tensor).reshape(dimensions(shape, rank))); });
}
nvt_failure nvt_permute(nvt_tensor tensor, const int64_t *order, int rank, nvt_tensor *out) {
    return guarded([&] { *out = hand(borrow(tensor).permute(dimensions(order, rank))); });
}
nvt_failure nvt_narrow(nvt_tensor tensor, int64_t dimension, int64_t start, int64_t length, nvt_tensor *out) {
    return guarded([&] { *out = hand(borrow(tensor).narrow(dimension, start, length)); });
}
nvt_failure nvt_index_select(nvt_tensor tensor, int64_t dimension, nvt_tensor index, nvt_tensor *out) {
    return guarded([&] { *out = hand(borrow(tensor).index_select(dimension, borrow(index))); });
}
nvt_failure nvt_concatenate(const nvt_tensor *tensors, int count, int64_t dimension, nvt_tensor *out) {
    return guarded([&] {
        std::vector<Tensor> list;
        for (int index = 0; index < count; index += 1) list.push_back(borrow(tensors[index]));
        *out = hand(at::cat(list, dimension));
    });
}

// ---- arithmetic

nvt_failure nvt_add(nvt_tensor a, nvt_tensor b, double alpha, nvt_tensor *out) {
    return guarded([&] { *out = hand(at::add(borrow(a), borrow(b), alpha)); });
}
nvt_failure nvt_multiply(nvt_tensor a, nvt_tensor b, nvt_tensor *out) {
    return guarded([&] { *out = hand(at::mul(borrow(a), borrow(b))); });
}
nvt_failure nvt_affine(nvt_tensor a, double scale, double offset, nvt_tensor *out) {
    return guarded([&] {
        Tensor scaled = at::mul(borrow(a), scale);
        *out = hand(offset == 0 ? scaled : at::add(scaled, offset));
    });
}
nvt_failure nvt_matmul(nvt_tensor a, nvt_tensor b, nvt_tensor *out) {
    return guarded([&] { *out = hand(at::matmul(borrow(a), borrow(b))); });
}
nvt_failure nvt_round(nvt_tensor a, nvt_tensor *out) {
    return guarded([&] { *out = hand(at::round(borrow(a))); });
}
nvt_failure nvt_clamp(nvt_tensor a, double low, double high, nvt_tensor *out) {
    return guarded([&] { *out = hand(at::clamp(borrow(a), low, high)); });
}
nvt_failure nvt_absolute(nvt_tensor a, nvt_tensor *out) {
    return guarded([&] { *out = hand(at::abs(borrow(a))); });
}
nvt_failure nvt_square_root(nvt_tensor a, nvt_tensor *out) {
    return guarded([&] { *out = hand(at::sqrt(borrow(a))); });
}
nvt_failure nvt_equal(nvt_tensor a, nvt_tensor b, nvt_tensor *out) {
    return guarded([&] { *out = hand(at::eq(borrow(a), borrow(b))); });
}
nvt_failure nvt_sum(nvt_tensor a, double *out) {
    return guarded([&] { *out = borrow(a).detach().sum(at::kDouble).item<double>(); });
}
nvt_failure nvt_maximum(nvt_tensor a, double *out) {
    return guarded([&] { *out = borrow(a).detach().max().item<double>(); });
}
nvt_failure nvt_minimum(nvt_tensor a, double *out) {
    return guarded([&] { *out = borrow(a).detach().min().item<double>(); });
}
nvt_failure nvt_argmax(nvt_tensor a, int64_t dimension, nvt_tensor *out) {
    return guarded([&] { *out = hand(at::argmax(borrow(a), dimension)); });
}

// ---- in place

nvt_failure nvt_add_in_place(nvt_tensor a, nvt_tensor b, double alpha) {
    return guarded([&] { at::NoGradGuard off; borrow(a).add_(borrow(b), alpha); });
}
nvt_failure nvt_scale_in_place(nvt_tensor a, double scale) {
    return guarded([&] { at::NoGradGuard off; borrow(a).mul_(scale); });
}
nvt_failure nvt_add_product_in_place(nvt_tensor a, nvt_tensor b, nvt_tensor c, double value) {
    return guarded([&] { at::NoGradGuard off; borrow(a).addcmul_(borrow(b), borrow(c), value); });
}
nvt_failure nvt_add_quotient_in_place(nvt_tensor a, nvt_tensor b, nvt_tensor c, double value) {
    return guarded([&] { at::NoGradGuard off; borrow(a).addcdiv_(borrow(b), borrow(c), value); });
}
nvt_failure nvt_clamp_in_place(nvt_tensor a, double low, double high) {
    return guarded([&] { at::NoGradGuard off; borrow(a).clamp_(low, high); });
}
nvt_failure nvt_copy_in_place(nvt_tensor a, nvt_tensor source) {
    return guarded([&] { at::NoGradGuard off; borrow(a).copy_(borrow(source)); });
}

// ---- networks

nvt_failure nvt_convolution(
    nvt_tensor input, nvt_tensor weight, int64_t stride, int64_t padding, nvt_tensor *out) {
    return guarded([&] {
        *out = hand(at::conv2d(borrow(input), borrow(weight), {}, {stride, stride}, {padding, padding}));
    });
}
nvt_failure nvt_linear(nvt_tensor input, nvt_tensor weight, nvt_tensor *out) {
    return guarded([&] { *out = hand(at::linear(borrow(input), borrow(weight))); });
}
nvt_failure nvt_relu(nvt_tensor input, nvt_tensor *out) {
    return guarded([&] { *out = hand(at::relu(borrow(input))); });
}
nvt_failure nvt_relu_in_place(nvt_tensor input) {
    return guarded([&] { borrow(input).relu_(); });
}
nvt_failure nvt_sum_in_place(nvt_tensor input, nvt_tensor other) {
    return guarded([&] { borrow(input).add_(borrow(other)); });
}
nvt_failure nvt_batch_norm(
    nvt_tensor input, nvt_tensor weight, nvt_tensor bias, nvt_tensor mean, nvt_tensor variance,
    bool training, double momentum, double epsilon, nvt_tensor *out) {
    return guarded([&] {
        *out = hand(at::batch_norm(
            borrow(input), borrow(weight), borrow(bias), borrow(mean), borrow(variance), training,
            momentum, epsilon, false));
    });
}
nvt_failure nvt_max_pool(nvt_tensor input, int64_t kernel, int64_t stride, nvt_tensor *out) {
    return guarded([&] { *out = hand(at::max_pool2d(borrow(input), {kernel, kernel}, {stride, stride})); });
}
nvt_failure nvt_average_pool(nvt_tensor input, int64_t kernel, int64_t stride, nvt_tensor *out) {
    return guarded([&] { *out = hand(at::avg_pool2d(borrow(input), {kernel, kernel}, {stride, stride})); });
}
nvt_failure nvt_pad_channels(nvt_tensor input, int64_t before, int64_t behind, nvt_tensor *out) {
    return guarded([&] {
        *out = hand(at::constant_pad_nd(borrow(input), {0, 0, 0, 0, before, behind}, 0));
    });
}
nvt_failure nvt_frame(nvt_tensor input, nvt_tensor value, int64_t padding, nvt_tensor *out) {
    return guarded([&] {
        Tensor images = borrow(input);
        int64_t height = images.size(2), width = images.size(3);
        Tensor framed = borrow(value).view({1, -1, 1, 1})
            .expand({images.size(0), images.size(1), height + 2 * padding, width + 2 * padding})
            .clone(at::MemoryFormat::ChannelsLast);
        framed.narrow(2, padding, height).narrow(3, padding, width).copy_(images);
        *out = hand(framed);
    });
}
nvt_failure nvt_crop(
    nvt_tensor images, nvt_tensor rows, nvt_tensor columns, nvt_tensor mirrored, int64_t padding,
    nvt_tensor *out) {
    return guarded([&] {
        Tensor framed = at::constant_pad_nd(borrow(images), {padding, padding, padding, padding}, 0);
        int64_t count = framed.size(0), channels = framed.size(1), stride = framed.size(3);
        int64_t height = framed.size(2) - 2 * padding, width = stride - 2 * padding;
        Tensor across = at::arange(width, at::kLong).view({1, 1, width});
        Tensor flip = borrow(mirrored).view({count, 1, 1});
        Tensor column = borrow(columns).view({count, 1, 1}) + at::where(flip, width - 1 - across, across);
        Tensor row = borrow(rows).view({count, 1, 1}) + at::arange(height, at::kLong).view({1, height, 1});
        Tensor image = at::arange(count, at::kLong).view({count, 1, 1}) * framed.size(2);
        Tensor place = ((image + row) * stride + column).reshape({-1});
        *out = hand(framed.permute({0, 2, 3, 1}).reshape({-1, channels}).index_select(0, place)
            .view({count, height, width, channels}).permute({0, 3, 1, 2}));
    });
}
nvt_failure nvt_im2col(nvt_tensor input, int64_t kernel, int64_t stride, int64_t padding, nvt_tensor *out) {
    return guarded([&] {
        *out = hand(at::im2col(
            borrow(input).contiguous(), {kernel, kernel}, {1, 1}, {padding, padding}, {stride, stride}));
    });
}
nvt_failure nvt_cross_entropy(
    nvt_tensor logits, nvt_tensor labels, double smoothing, nvt_tensor *out) {
    return guarded([&] {
        *out = hand(at::cross_entropy_loss(
            borrow(logits), borrow(labels), {}, at::Reduction::Mean, -100, smoothing));
    });
}
nvt_failure nvt_entropy(nvt_tensor logits, nvt_tensor *out) {
    return guarded([&] {
        Tensor logs = at::log_softmax(borrow(logits), 1);
        *out = hand(-(logs.exp() * logs).sum(1).mean());
    });
}
nvt_failure nvt_jensen_shannon(const nvt_tensor *logits, int32_t count, nvt_tensor *out) {
    return guarded([&] {
        std::vector<Tensor> logs;
        for (int32_t i = 0; i < count; i++) logs.push_back(at::log_softmax(borrow(logits[i]), 1));
        Tensor all = at::stack(logs);
        Tensor mean = at::logsumexp(all, 0) - std::log(static_cast<double>(count));
        *out = hand((all.exp() * (all - mean)).sum(2).mean());
    });
}
nvt_failure nvt_softmax(nvt_tensor logits, nvt_tensor *out) {
    return guarded([&] { *out = hand(at::softmax(borrow(logits), 1)); });
}

// ---- gradients

nvt_failure nvt_set_requires_gradient(nvt_tensor tensor, bool required) {
    return guarded([&] { borrow(tensor).set_requires_grad(required); });
}
bool nvt_requires_gradient(nvt_tensor tensor) { return borrow(tensor).requires_grad(); }
nvt_failure nvt_gradient(nvt_tensor tensor, nvt_tensor *out) {
    return guarded([&] {
        Tensor gradient = borrow(tensor).grad();
        *out = gradient.defined() ? hand(gradient) : nullptr;
    });
}
nvt_failure nvt_clear_gradient(nvt_tensor tensor) {
    return guarded([&] { borrow(tensor).mutable_grad().reset(); });
}
nvt_failure nvt_backward(nvt_tensor scalar) {
    return guarded([&] { borrow(scalar).backward(); });
}
nvt_failure nvt_detach(nvt_tensor tensor, nvt_tensor *out) {
    return guarded([&] { *out = hand(borrow(tensor).detach()); });
}
bool nvt_set_gradient_mode(bool enabled) {
    bool before = at::GradMode::is_enabled();
    at::GradMode::set_enabled(enabled);
    return before;
}
nvt_failure nvt_straight_through(nvt_tensor input, nvt_tensor value, nvt_tensor *out) {
    return guarded([&] {
        *out = hand(StraightThrough::apply(borrow(input), borrow(value).detach()));
    });
}
nvt_failure nvt_error_quantised(nvt_tensor input, int64_t bits, nvt_tensor *out) {
    return guarded([&] { *out = hand(ErrorQuantised::apply(borrow(input), bits)); });
}
nvt_failure nvt_convolution_straight_through(
    nvt_tensor input, nvt_tensor weight, nvt_tensor value, int64_t stride, int64_t padding, nvt_tensor *out) {
    return guarded([&] {
        *out = hand(ConvolutionStraightThrough::apply(
            borrow(input), borrow(weight), borrow(value).detach(), stride, padding));
    });
}
nvt_failure nvt_linear_straight_through(
    nvt_tensor input, nvt_tensor weight, nvt_tensor value, nvt_tensor *out) {
    return guarded([&] {
        *out = hand(LinearStraightThrough::apply(borrow(input), borrow(weight), borrow(value).detach()));
    });
}
nvt_failure nvt_straight_through_elsewhere(
    nvt_tensor input, nvt_tensor weight, nvt_tensor value, int64_t stride, int64_t padding,
    nvt_input_gradient source, void *context, void (*release)(void *), nvt_tensor *out) {
    return guarded([&] {
        auto holder = c10::make_intrusive<GradientSource>(source, context, release);
        *out = hand(StraightThroughElsewhere::apply(
            borrow(input), borrow(weight), borrow(value).detach(), stride, padding, holder));
    });
}
nvt_failure nvt_col2im(
    nvt_tensor columns, int64_t height, int64_t width, int64_t kernel, int64_t stride,
    int64_t padding, nvt_tensor *out) {
    return guarded([&] {
        *out = hand(at::col2im(
            borrow(columns).contiguous(), {height, width}, {kernel, kernel}, {1, 1},
            {padding, padding}, {stride, stride}));
    });
}
