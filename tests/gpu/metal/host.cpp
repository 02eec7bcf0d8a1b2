// engine/src/kernels/metal/attention.metal on a CPU.
#include "metal_stdlib"

// Its functions must not be taken for those of the C library.
namespace apple {
#include "../../../engine/src/kernels/metal/attention.metal"
}  // namespace apple

#undef kernel
#undef device
#undef constant
#undef threadgroup

inline float widen(bfloat x) { return float(x); }
inline float widen(float x) { return x; }
inline void narrow(float x, bfloat& to) { to = bfloat(x); }
inline void narrow(float x, float& to) { to = x; }

#include "../harness.hpp"

using apple::Shape;

static uint3 block_index() {
    return {(uint)simt::block_index.x, (uint)simt::block_index.y, (uint)simt::block_index.z};
}

static float* block_memory() {
    return reinterpret_cast<float*>((reinterpret_cast<uintptr_t>(simt::block->memory.data()) + 15) / 16 * 16);
}

template <typename T>
struct Kernels {
    static void attend(const std::string& name, const Shape& s, const T* q, const T* ok, const T* ov, const T* ck,
                       const T* cv, T* out, float* parts, float* logarithms) {
        if (name != (sizeof(T) == 2 ? "attention_plain_bf16" : "attention_plain_f32"))
            simt::give_up("there is no such kernel");
        uint t = simt::thread_index.x;
        if constexpr (sizeof(T) == 2)
            apple::attention_plain_bf16(s, q, ok, ov, ck, cv, out, parts, logarithms, block_memory(), block_index(), t);
        else
            apple::attention_plain_f32(s, q, ok, ov, ck, cv, out, parts, logarithms, block_memory(), block_index(), t);
    }

    static void combine(const Shape& s, const float* parts, const float* part_logarithms, T* out, float* logarithms) {
        uint t = simt::thread_index.x;
        if constexpr (sizeof(T) == 2)
            apple::attention_combine_bf16(s, parts, part_logarithms, out, logarithms, block_index(), t);
        else
            apple::attention_combine_f32(s, parts, part_logarithms, out, logarithms, block_index(), t);
    }

    static void probabilities(const Shape& s, const T* q, const T* keys, const float* logarithms, int own, int first,
                              int count, float* out) {
        apple::Stretch stretch = {own, first, count};
        uint t = simt::thread_index.x, lane = t % 32;
        if constexpr (sizeof(T) == 2)
            apple::attention_probabilities_bf16(s, q, keys, logarithms, stretch, out, block_index(), t, lane);
        else
            apple::attention_probabilities_f32(s, q, keys, logarithms, stretch, out, block_index(), t, lane);
    }
};

int main() { return harness::main_with<Shape, Kernels, bfloat>(); }
