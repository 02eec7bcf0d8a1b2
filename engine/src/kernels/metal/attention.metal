// Attention in blocks with an online softmax, for Apple's cards: the same tiles, splits and layouts as
// engine/src/kernels/cuda/attention.cu, computed in f32 from f32 or bf16.
//
// 32 KiB of shared memory hold 16 rows of queries and 8 keys, then their values, in f32, each row filled up with zeros to
// a multiple of four so that four numbers are read at a time.
#include <metal_stdlib>

using namespace metal;

// The tests, which run this file as C++, define the address space away and this with it.
#ifndef SHARED_MEMORY
#define SHARED_MEMORY(index) [[threadgroup(index)]]
#endif

// Shared with engine/src/kernels/gpu/launch.rs, field by field.
struct Shape {
    int heads, kv_heads, rows, head_dim;
    int num_own, num_cross;
    // Position of the first query, counted from the first key of its own sequence.
    int first_query;
    // A query at position p sees own keys p - left ... p + right.
    int left, right;
    int splits;
    // The factor on scores, times log2(e).
    float scale;
    int unused;
    // Elements from one head to the next.
    long query_stride, own_stride, cross_stride;
};

// Below any score; not infinite, which Metal's fast arithmetic need not respect.
constant constexpr float NOTHING_SEEN = -1e30f;
constant constexpr int ROWS = 16;
constant constexpr int KEYS = 8;
constant constexpr int THREADS = 128;

inline int divided_up(int a, int b) { return (a + b - 1) / b; }

// A block of keys: which sequence, from which key on, and where that sequence ends for this tile.
struct KeyBlock {
    bool own;
    int first, end;
    long offset;
};

inline bool sees(constant Shape& s, KeyBlock b, int position, int key) {
    return key < b.end && (!b.own || (key >= position - s.left && key <= position + s.right));
}

// Copies a block's rows into shared memory, zeros where there is no row or no column.
template <typename T>
inline void copy_rows(threadgroup float* to, const device T* from, KeyBlock b, int d, int pitch, int t) {
    for (int i = t; i < KEYS * pitch; i += THREADS) {
        int key = i / pitch, column = i % pitch;
        bool there = b.first + key < b.end && column < d;
        to[i] = there ? float(from[b.offset + long(b.first + key) * d + column]) : 0.0f;
    }
}

// New scores of row t to exponentials against its running maximum.
inline void soften(threadgroup float* line, threadgroup float* maximum, threadgroup float* sum, threadgroup float* keep,
                   int t) {
    float top = maximum[t];
    for (int key = 0; key < KEYS; key++) top = max(top, line[key]);
    // A row that has seen nothing yet keeps its zeros.
    float against = top == NOTHING_SEEN ? 0.0f : top;
    keep[t] = exp2(maximum[t] - against);
    float total = sum[t] * keep[t];
    for (int key = 0; key < KEYS; key++) {
        line[key] = exp2(line[key] - against);
        total += line[key];
    }
    maximum[t] = top;
    sum[t] = total;
}

template <typename T>
inline void attention(constant Shape& s, const device T* queries, const device T* own_keys, const device T* own_values,
                      const device T* cross_keys, const device T* cross_values, device T* out, device float* parts,
                      device float* logarithms, threadgroup float* memory, uint3 block_index, int t) {
    int d = s.head_dim, pitch = divided_up(d, 4) * 4;
    threadgroup float* query_tile = memory;
    threadgroup float* tile = query_tile + ROWS * pitch;
    threadgroup float* scores = tile + KEYS * pitch;
    threadgroup float* maximum = scores + ROWS * KEYS;
    threadgroup float* sum = maximum + ROWS;
    threadgroup float* keep = sum + ROWS;

    int group = s.heads / s.kv_heads, packed = s.rows * group;
    int first_packed = int(block_index.x) * ROWS, kv_head = int(block_index.y), split = int(block_index.z);
    int first_position = s.first_query + first_packed / group;
    int last_position = s.first_query + (min(first_packed + ROWS, packed) - 1) / group;
    int low = max(0, first_position - s.left);
    int high = max(low, min(s.num_own, last_position + s.right + 1));
    int own_blocks = divided_up(high - low, KEYS);
    int blocks = own_blocks + divided_up(s.num_cross, KEYS), share = divided_up(blocks, s.splits);
    int first_block = min(blocks, split * share), last_block = min(blocks, first_block + share);

    for (int i = t; i < ROWS * pitch; i += THREADS) {
        int p = first_packed + i / pitch, column = i % pitch;
        long place = long(kv_head * group + p % group) * s.query_stride + long(p / group) * d + column;
        query_tile[i] = p < packed && column < d ? float(queries[place]) : 0.0f;
    }
    if (t < ROWS) {
        maximum[t] = NOTHING_SEEN;
        sum[t] = 0.0f;
    }
    // A thread sums columns t and t + 128 of all rows.
    float mixed[ROWS][2] = {};

    for (int block = first_block; block < last_block; block++) {
        KeyBlock b;
        b.own = block < own_blocks;
        b.first = b.own ? low + block * KEYS : (block - own_blocks) * KEYS;
        b.end = b.own ? high : s.num_cross;
        b.offset = kv_head * (b.own ? s.own_stride : s.cross_stride);
        copy_rows(tile, b.own ? own_keys : cross_keys, b, d, pitch, t);
        threadgroup_barrier(mem_flags::mem_threadgroup);
        // One score a thread.
        int line = t / KEYS, key = t % KEYS;
        threadgroup const float4* query = (threadgroup const float4*)(query_tile + line * pitch);
        threadgroup const float4* against = (threadgroup const float4*)(tile + key * pitch);
        float product = 0.0f;
        for (int c = 0; c < pitch / 4; c++) product += dot(query[c], against[c]);
        int position = s.first_query + (first_packed + line) / group;
        scores[t] = sees(s, b, position, b.first + key) ? product * s.scale : NOTHING_SEEN;
        threadgroup_barrier(mem_flags::mem_threadgroup);
        copy_rows(tile, b.own ? own_values : cross_values, b, d, pitch, t);
        if (t < ROWS) soften(scores + t * KEYS, maximum, sum, keep, t);
        threadgroup_barrier(mem_flags::mem_threadgroup);
        for (int part = 0; part < 2; part++) {
            int column = t + part * THREADS;
            if (column >= d) continue;
            for (int row = 0; row < ROWS; row++) mixed[row][part] *= keep[row];
            for (int i = 0; i < KEYS; i++) {
                float value = tile[i * pitch + column];
                for (int row = 0; row < ROWS; row++) mixed[row][part] += scores[row * KEYS + i] * value;
            }
        }
        threadgroup_barrier(mem_flags::mem_threadgroup);
    }
    threadgroup_barrier(mem_flags::mem_threadgroup);
    for (int line = 0; line < ROWS; line++) {
        int p = first_packed + line;
        if (p >= packed) continue;
        int row = p / group, head = kv_head * group + p % group;
        long place = (long(split) * s.heads + head) * s.rows + row;
        float inverse = sum[line] > 0.0f ? 1.0f / sum[line] : 0.0f;
        if (t == line) logarithms[place] = sum[line] > 0.0f ? maximum[line] + log2(sum[line]) : NOTHING_SEEN;
        for (int part = 0; part < 2; part++) {
            int column = t + part * THREADS;
            if (column >= d) continue;
            float x = mixed[line][part] * inverse;
            if (s.splits == 1) {
                out[(long(row) * s.heads + head) * d + column] = T(x);
            } else {
                parts[place * d + column] = x;
            }
        }
    }
}

// One block a row and head: the splits' parts, weighted by their sums, and the logarithm of the whole.
template <typename T>
inline void combine(constant Shape& s, const device float* parts, const device float* part_logarithms, device T* out,
                    device float* logarithms, uint3 block_index, int t) {
    int row = int(block_index.x), head = int(block_index.y);
    long place = long(head) * s.rows + row, step = long(s.heads) * s.rows;
    float top = NOTHING_SEEN;
    for (int split = 0; split < s.splits; split++) top = max(top, part_logarithms[split * step + place]);
    float against = top == NOTHING_SEEN ? 0.0f : top;
    float total = 0.0f;
    for (int split = 0; split < s.splits; split++) total += exp2(part_logarithms[split * step + place] - against);
    float inverse = total > 0.0f ? 1.0f / total : 0.0f;
    if (t == 0) logarithms[place] = total > 0.0f ? against + log2(total) : NOTHING_SEEN;
    for (int column = t; column < s.head_dim; column += THREADS) {
        float mixed = 0.0f;
        for (int split = 0; split < s.splits; split++) {
            float weight = exp2(part_logarithms[split * step + place] - against);
            mixed += weight * parts[(split * step + place) * s.head_dim + column];
        }
        out[(long(row) * s.heads + head) * s.head_dim + column] = T(mixed * inverse);
    }
}

// Which keys probabilities are asked for.
struct Stretch {
    int own, first, count;
};

// What share of each row's softmax falls on each key, averaged over heads: [r, count] in f32. One group of 32 lanes a
// key, all heads and one row.
template <typename T>
inline void probabilities(constant Shape& s, const device T* queries, const device T* keys,
                          const device float* logarithms, constant Stretch& stretch, device float* out,
                          uint3 block_index, int t, int lane) {
    int group = s.heads / s.kv_heads;
    int index = int(block_index.x) * (THREADS / 32) + t / 32, row = int(block_index.y);
    if (index >= stretch.count) return;
    int key = stretch.first + index, position = s.first_query + row;
    bool seen = !stretch.own || (key >= position - s.left && key <= position + s.right);
    long stride = stretch.own ? s.own_stride : s.cross_stride;
    float mean = 0.0f;
    for (int head = 0; seen && head < s.heads; head++) {
        const device T* query = queries + head * s.query_stride + long(row) * s.head_dim;
        const device T* line = keys + head / group * stride + long(key) * s.head_dim;
        float product = 0.0f;
        for (int c = lane; c < s.head_dim; c += 32) product += float(query[c]) * float(line[c]);
        product = simd_sum(product);
        mean += exp2(product * s.scale - logarithms[long(head) * s.rows + row]);
    }
    if (lane == 0) out[long(row) * stretch.count + index] = mean / s.heads;
}

#define KERNELS(NAME, T)                                                                                              \
    kernel void attention_plain_##NAME(                                                                               \
        constant Shape& s [[buffer(0)]], const device T* queries [[buffer(1)]],                                       \
        const device T* own_keys [[buffer(2)]], const device T* own_values [[buffer(3)]],                             \
        const device T* cross_keys [[buffer(4)]], const device T* cross_values [[buffer(5)]],                         \
        device T* out [[buffer(6)]], device float* parts [[buffer(7)]], device float* logarithms [[buffer(8)]],       \
        threadgroup float* memory SHARED_MEMORY(0), uint3 block_index [[threadgroup_position_in_grid]],               \
        uint t [[thread_index_in_threadgroup]]) {                                                                     \
        attention<T>(s, queries, own_keys, own_values, cross_keys, cross_values, out, parts, logarithms, memory,      \
                     block_index, int(t));                                                                            \
    }                                                                                                                 \
    kernel void attention_combine_##NAME(                                                                             \
        constant Shape& s [[buffer(0)]], const device float* parts [[buffer(1)]],                                     \
        const device float* part_logarithms [[buffer(2)]], device T* out [[buffer(3)]],                               \
        device float* logarithms [[buffer(4)]], uint3 block_index [[threadgroup_position_in_grid]],                   \
        uint t [[thread_index_in_threadgroup]]) {                                                                     \
        combine<T>(s, parts, part_logarithms, out, logarithms, block_index, int(t));                                  \
    }                                                                                                                 \
    kernel void attention_probabilities_##NAME(                                                                       \
        constant Shape& s [[buffer(0)]], const device T* queries [[buffer(1)]], const device T* keys [[buffer(2)]],   \
        const device float* logarithms [[buffer(3)]], constant Stretch& stretch [[buffer(4)]],                        \
        device float* out [[buffer(5)]], uint3 block_index [[threadgroup_position_in_grid]],                          \
        uint t [[thread_index_in_threadgroup]], uint lane [[thread_index_in_simdgroup]]) {                            \
        probabilities<T>(s, queries, keys, logarithms, stretch, out, block_index, int(t), int(lane));                 \
    }

KERNELS(f32, float)

#if defined(__HAVE_BFLOAT__)
KERNELS(bf16, bfloat)
#endif
