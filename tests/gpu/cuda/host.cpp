// engine/src/kernels/cuda/attention.cu on a CPU.
#include "warp.cuh"

#include "../../../engine/src/kernels/cuda/attention.cu"

#include "../harness.hpp"

template <typename T>
struct Kernels {
    static void attend(const std::string& name, const Shape& s, const T* q, const T* ok, const T* ov, const T* ck,
                       const T* cv, T* out, float* parts, float* logarithms) {
        if constexpr (sizeof(T) == 2) {
            if (name == "attention_tensor_32") return attention_tensor_32(s, q, ok, ov, ck, cv, out, parts, logarithms);
            if (name == "attention_tensor_64") return attention_tensor_64(s, q, ok, ov, ck, cv, out, parts, logarithms);
            if (name == "attention_tensor_80") return attention_tensor_80(s, q, ok, ov, ck, cv, out, parts, logarithms);
            if (name == "attention_tensor_128") return attention_tensor_128(s, q, ok, ov, ck, cv, out, parts, logarithms);
            if (name == "attention_tensor_256") return attention_tensor_256(s, q, ok, ov, ck, cv, out, parts, logarithms);
            if (name == "attention_plain_bf16") return attention_plain_bf16(s, q, ok, ov, ck, cv, out, parts, logarithms);
        } else if (name == "attention_plain_f32") {
            return attention_plain_f32(s, q, ok, ov, ck, cv, out, parts, logarithms);
        }
        simt::give_up("there is no such kernel");
    }

    static void combine(const Shape& s, const float* parts, const float* part_logarithms, T* out, float* logarithms) {
        if constexpr (sizeof(T) == 2)
            attention_combine_bf16(s, parts, part_logarithms, out, logarithms);
        else
            attention_combine_f32(s, parts, part_logarithms, out, logarithms);
    }

    static void probabilities(const Shape& s, const T* q, const T* keys, const float* logarithms, int own, int first,
                              int count, float* out) {
        if constexpr (sizeof(T) == 2)
            attention_probabilities_bf16(s, q, keys, logarithms, own, first, count, out);
        else
            attention_probabilities_f32(s, q, keys, logarithms, own, first, count, out);
    }
};

int main() { return harness::main_with<Shape, Kernels, bf16>(); }
