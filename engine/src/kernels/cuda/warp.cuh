// What a warp does together, and what a block does with its shared memory: the only place with PTX in it.
//
// tests/gpu/simt.hpp offers the same names on a CPU, so that attention.cu itself runs in the tests.
#ifndef RECTO_WARP
#define RECTO_WARP

#include <cuda_bf16.h>
#include <stdint.h>

typedef __nv_bfloat16 bf16;

__device__ __forceinline__ float widen(bf16 x) { return __bfloat162float(x); }
__device__ __forceinline__ float widen(float x) { return x; }
__device__ __forceinline__ void narrow(float x, bf16& to) { to = __float2bfloat16(x); }
__device__ __forceinline__ void narrow(float x, float& to) { to = x; }

// Two numbers in one register, the first in the lower half.
__device__ __forceinline__ uint32_t pair(float low, float high) {
    __nv_bfloat162 both = __floats2bfloat162_rn(low, high);
    return *reinterpret_cast<uint32_t*>(&both);
}

__device__ __forceinline__ float from_lane_xor(float x, int distance) { return __shfl_xor_sync(0xffffffffu, x, distance); }

__device__ __forceinline__ void block_barrier() { __syncthreads(); }

// Memory shared by a block, of the size given at launch.
__device__ __forceinline__ char* block_memory() {
    extern __shared__ __align__(16) char memory[];
    return memory;
}

#if __CUDA_ARCH__ >= 800

// Starts a copy of 16 bytes from global to shared memory, or fills with zeros where there is nothing to copy.
__device__ __forceinline__ void copy_16_bytes(bf16* to, const bf16* from, bool there) {
    uint32_t place = static_cast<uint32_t>(__cvta_generic_to_shared(to));
    int bytes = there ? 16 : 0;
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;\n" ::"r"(place), "l"(from), "r"(bytes) : "memory");
}

// Ends a group of copies; groups are waited for in the order in which they ended.
__device__ __forceinline__ void end_copies() { asm volatile("cp.async.commit_group;\n" ::: "memory"); }

// Waits until all groups of this thread but the last `LATER` have arrived.
template <int LATER>
__device__ __forceinline__ void wait_for_copies() {
    asm volatile("cp.async.wait_group %0;\n" ::"n"(LATER) : "memory");
}

// Four matrices of 8 by 8: lane `i` names row `i % 8` of matrix `i / 8`. Of each matrix a lane gets the elements
// `2 * (lane % 4)` and the next of row `lane / 4`.
__device__ __forceinline__ void load_matrices(uint32_t (&to)[4], const bf16* row) {
    uint32_t place = static_cast<uint32_t>(__cvta_generic_to_shared(row));
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];\n"
                 : "=r"(to[0]), "=r"(to[1]), "=r"(to[2]), "=r"(to[3])
                 : "r"(place)
                 : "memory");
}

// The same with each matrix transposed.
__device__ __forceinline__ void load_matrices_transposed(uint32_t (&to)[4], const bf16* row) {
    uint32_t place = static_cast<uint32_t>(__cvta_generic_to_shared(row));
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];\n"
                 : "=r"(to[0]), "=r"(to[1]), "=r"(to[2]), "=r"(to[3])
                 : "r"(place)
                 : "memory");
}

// c += a * b on the tensor cores: a is 16 by 16, b is 16 by 8, c is 16 by 8 in f32.
__device__ __forceinline__ void multiply_add(float (&c)[4], const uint32_t (&a)[4], uint32_t b0, uint32_t b1) {
    asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, "
                 "{%0, %1, %2, %3};\n"
                 : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
                 : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}

#endif

#endif
