// The names of engine/src/kernels/cuda/warp.cuh on a CPU. Which lane holds which element is written down here from the
// PTX manual (ldmatrix, mma.m16n8k16), element by element.
#ifndef RECTO_WARP
#define RECTO_WARP

#include "../simt.hpp"

#define __CUDA_ARCH__ 800
#define __device__
#define __global__
#define __forceinline__ inline
#define __launch_bounds__(threads)
#define threadIdx simt::thread_index
#define blockIdx simt::block_index
#define blockDim simt::block_size

inline float widen(float x) { return x; }
inline void narrow(float x, bf16& to) { to = rounded(x); }
inline void narrow(float x, float& to) { to = x; }

inline uint32_t pair(float low, float high) { return rounded(low).raw | (uint32_t)rounded(high).raw << 16; }

inline float from_lane_xor(float x, int distance) { return simt::lane_xor(x, distance); }

inline void block_barrier() { simt::barrier(); }

inline char* block_memory() {
    return reinterpret_cast<char*>((reinterpret_cast<uintptr_t>(simt::block->memory.data()) + 15) / 16 * 16);
}

inline void arrive(const simt::Copy& copy) {
    if (copy.there)
        std::memcpy(copy.to, copy.from, 16);
    else
        std::memset(copy.to, 0, 16);
}

inline void copy_16_bytes(bf16* to, const bf16* from, bool there) {
    if (reinterpret_cast<uintptr_t>(to) % 16 != 0) simt::give_up("a copy to a place that is no multiple of 16 bytes");
    if (reinterpret_cast<uintptr_t>(from) % 16 != 0) simt::give_up("a copy from a place that is no multiple of 16 bytes");
    simt::Copy copy = {to, from, there};
    if (simt::eager)
        arrive(copy);
    else
        simt::block->fibers[simt::block->current].open_group.push_back(copy);
}

inline void end_copies() {
    simt::Fiber& fiber = simt::block->fibers[simt::block->current];
    fiber.groups.push_back(std::move(fiber.open_group));
    fiber.open_group.clear();
}

template <int LATER>
inline void wait_for_copies() {
    simt::Fiber& fiber = simt::block->fibers[simt::block->current];
    while ((int)fiber.groups.size() > LATER) {
        for (const simt::Copy& copy : fiber.groups.front()) arrive(copy);
        fiber.groups.erase(fiber.groups.begin());
    }
}

inline void load_matrices_any(uint32_t (&to)[4], const bf16* row, bool transposed) {
    if (reinterpret_cast<uintptr_t>(row) % 16 != 0) simt::give_up("a matrix row that is no multiple of 16 bytes away");
    simt::Meeting& all = simt::meet(transposed ? "load transposed" : "load", nullptr, 0, row);
    int lane = simt::block->current % simt::WARP;
    for (int matrix = 0; matrix < 4; matrix++) {
        uint32_t word = 0;
        for (int e = 0; e < 2; e++) {
            int r = lane / 4, c = 2 * (lane % 4) + e;
            const bf16* from = static_cast<const bf16*>(all.places[8 * matrix + (transposed ? c : r)]);
            word |= (uint32_t)from[transposed ? r : c].raw << (16 * e);
        }
        to[matrix] = word;
    }
}

inline void load_matrices(uint32_t (&to)[4], const bf16* row) { load_matrices_any(to, row, false); }
inline void load_matrices_transposed(uint32_t (&to)[4], const bf16* row) { load_matrices_any(to, row, true); }

inline void multiply_add(float (&c)[4], const uint32_t (&a)[4], uint32_t b0, uint32_t b1) {
    uint32_t words[6] = {a[0], a[1], a[2], a[3], b0, b1};
    simt::Meeting& all = simt::meet("multiply", words, 6, nullptr);
    int lane = simt::block->current % simt::WARP;
    auto half = [](uint32_t word, int e) { return widen(bf16{(uint16_t)(word >> (16 * e))}); };
    for (int i = 0; i < 4; i++) {
        int row = lane / 4 + i / 2 * 8, column = 2 * (lane % 4) + i % 2;
        float sum = c[i];
        for (int k = 0; k < 16; k++) {
            // a: register 0 is rows 0-7, k 0-7; 1 rows 8-15; 2 and 3 the same for k 8-15.
            int a_lane = row % 8 * 4 + k % 8 / 2, a_register = row / 8 + 2 * (k / 8);
            // b: register 0 is k 0-7, register 1 k 8-15; the lane's group of four is the column.
            int b_lane = column * 4 + k % 8 / 2, b_register = 4 + k / 8;
            sum += half(all.words[a_lane][a_register], k % 2) * half(all.words[b_lane][b_register], k % 2);
        }
        c[i] = sum;
    }
}

#endif
