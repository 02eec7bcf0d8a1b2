// Attention in blocks with an online softmax: memory grows with the number of tokens, never with its square.
//
// Queries see a stretch of their own sequence's keys around themselves and, in the same softmax, all keys of a second
// sequence (the encoder's). The `g` query heads that share a key head are packed into the rows of one tile, row
// `p = row * g + head in group`, so that keys are read once for all of them. Keys are divided among `splits` blocks where
// there are few tiles; `attention_combine` joins their parts by the logarithms of their sums.
//
// Layouts, last dimension dense, rows one behind the other: queries [h, r, d], keys and values [k, n, d], result
// [r, h * d], logarithms (base 2, of the sums of exponentials of scaled scores) [h, r].
#include "warp.cuh"

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
    long long query_stride, own_stride, cross_stride;
};

#define NOTHING_SEEN (-__builtin_inff())

__device__ __forceinline__ int least(int a, int b) { return a < b ? a : b; }
__device__ __forceinline__ int most(int a, int b) { return a > b ? a : b; }
__device__ __forceinline__ int divided_up(int a, int b) { return (a + b - 1) / b; }

// The rows of a tile and the blocks of keys that one of the splits reads for them.
struct Work {
    int group, packed, first_packed, kv_head;
    // Positions of the tile's first and last query.
    int first_position, last_position;
    // Own keys that any row sees.
    int low, high;
    int own_blocks, first_block, last_block;
};

__device__ __forceinline__ Work work_of_block(const Shape& s, int tile_rows, int block_keys) {
    Work w;
    w.group = s.heads / s.kv_heads;
    w.packed = s.rows * w.group;
    w.first_packed = blockIdx.x * tile_rows;
    w.kv_head = blockIdx.y;
    w.first_position = s.first_query + w.first_packed / w.group;
    w.last_position = s.first_query + (least(w.first_packed + tile_rows, w.packed) - 1) / w.group;
    w.low = most(0, w.first_position - s.left);
    w.high = most(w.low, least(s.num_own, w.last_position + s.right + 1));
    w.own_blocks = divided_up(w.high - w.low, block_keys);
    int blocks = w.own_blocks + divided_up(s.num_cross, block_keys);
    int share = divided_up(blocks, s.splits);
    w.first_block = least(blocks, (int)blockIdx.z * share);
    w.last_block = least(blocks, w.first_block + share);
    return w;
}

// A block of keys: which sequence, from which key on, and where that sequence ends for this tile.
struct KeyBlock {
    bool own;
    int first, end;
    long long offset;
};

__device__ __forceinline__ KeyBlock key_block(const Shape& s, const Work& w, int block, int block_keys) {
    KeyBlock b;
    b.own = block < w.own_blocks;
    b.first = b.own ? w.low + block * block_keys : (block - w.own_blocks) * block_keys;
    b.end = b.own ? w.high : s.num_cross;
    b.offset = w.kv_head * (b.own ? s.own_stride : s.cross_stride);
    return b;
}

__device__ __forceinline__ bool sees(const Shape& s, const KeyBlock& b, int position, int key) {
    return key < b.end && (!b.own || (key >= position - s.left && key <= position + s.right));
}

__device__ __forceinline__ bool all_rows_see(const Shape& s, const Work& w, const KeyBlock& b, int block_keys) {
    int last = b.first + block_keys - 1;
    return last < b.end && (!b.own || (b.first >= w.last_position - s.left && last <= w.first_position + s.right));
}

// Where results go: the finished rows, or one split's part of them in f32.
template <typename T>
struct Results {
    T* out;
    float* parts;
    float* logarithms;
};

template <typename T>
__device__ __forceinline__ void put(const Shape& s, const Results<T>& to, int row, int head, int column, float x) {
    if (s.splits == 1) {
        narrow(x, to.out[((long long)row * s.heads + head) * s.head_dim + column]);
    } else {
        long long place = ((long long)blockIdx.z * s.heads + head) * s.rows + row;
        to.parts[place * s.head_dim + column] = x;
    }
}

template <typename T>
__device__ __forceinline__ void put_logarithm(const Shape& s, const Results<T>& to, int row, int head, float x) {
    to.logarithms[((long long)blockIdx.z * s.heads + head) * s.rows + row] = x;
}

// ---- on tensor cores: bf16, head_dim a multiple of 8 and at most D ----

#if __CUDA_ARCH__ >= 800

// Four warps of 16 rows.
static const int TENSOR_ROWS = 64;
static const int TENSOR_THREADS = 128;

// Rows of a tile in shared memory lie this far apart: 16 bytes more than they hold, so that eight of them at the same
// column are in eight different banks.
template <int D>
__device__ __forceinline__ constexpr int pitch() {
    return D + 8;
}

// Copies rows first ... first + KEYS of `from` into shared memory, zeros where there is no row or no column.
template <int D, int KEYS>
__device__ __forceinline__ void copy_keys(const Shape& s, const KeyBlock& b, const bf16* from, bf16* to) {
    for (int i = threadIdx.x; i < KEYS * (D / 8); i += TENSOR_THREADS) {
        int key = i / (D / 8), column = i % (D / 8) * 8;
        bool there = b.first + key < b.end && column < s.head_dim;
        const bf16* place = there ? from + b.offset + (long long)(b.first + key) * s.head_dim + column : from;
        copy_16_bytes(to + key * pitch<D>() + column, place, there);
    }
}

template <int D>
__device__ __forceinline__ void copy_queries(const Shape& s, const Work& w, const bf16* from, bf16* to) {
    for (int i = threadIdx.x; i < TENSOR_ROWS * (D / 8); i += TENSOR_THREADS) {
        int line = i / (D / 8), column = i % (D / 8) * 8;
        int p = w.first_packed + line;
        bool there = p < w.packed && column < s.head_dim;
        long long head = w.kv_head * w.group + p % w.group;
        const bf16* place = there ? from + head * s.query_stride + (long long)(p / w.group) * s.head_dim + column : from;
        copy_16_bytes(to + line * pitch<D>() + column, place, there);
    }
}

// Scores of a warp's 16 rows against a block's keys: of each 8 keys a lane holds two of row lane / 4 and two of row
// lane / 4 + 8.
template <int D, int KEYS>
__device__ __forceinline__ void score(float (&scores)[KEYS / 8][4], const bf16* queries, const bf16* keys) {
    int lane = threadIdx.x % 32;
    for (int j = 0; j < KEYS / 8; j++)
        for (int e = 0; e < 4; e++) scores[j][e] = 0.0f;
#pragma unroll
    for (int k = 0; k < D; k += 16) {
        uint32_t a[4];
        load_matrices(a, queries + (lane % 16) * pitch<D>() + k + lane / 16 * 8);
#pragma unroll
        for (int j = 0; j < KEYS / 16; j++) {
            uint32_t b[4];
            load_matrices(b, keys + (16 * j + lane % 8 + lane / 16 * 8) * pitch<D>() + k + lane / 8 % 2 * 8);
            multiply_add(scores[2 * j], a, b[0], b[1]);
            multiply_add(scores[2 * j + 1], a, b[2], b[3]);
        }
    }
}

// Scores to exponentials against the running maximum; rescales what was summed before where the maximum rises.
template <int D, int KEYS>
__device__ __forceinline__ void soften(float (&scores)[KEYS / 8][4], float (&mixed)[D / 8][4], float (&maximum)[2],
                                       float (&sum)[2]) {
#pragma unroll
    for (int half = 0; half < 2; half++) {
        float top = maximum[half];
#pragma unroll
        for (int j = 0; j < KEYS / 8; j++) top = fmaxf(top, fmaxf(scores[j][2 * half], scores[j][2 * half + 1]));
        top = fmaxf(top, from_lane_xor(top, 1));
        top = fmaxf(top, from_lane_xor(top, 2));
        // A row that has seen nothing yet keeps its zeros.
        float against = top == NOTHING_SEEN ? 0.0f : top;
        float keep = exp2f(maximum[half] - against);
        maximum[half] = top;
        sum[half] *= keep;
#pragma unroll
        for (int j = 0; j < D / 8; j++) {
            mixed[j][2 * half] *= keep;
            mixed[j][2 * half + 1] *= keep;
        }
#pragma unroll
        for (int j = 0; j < KEYS / 8; j++) {
#pragma unroll
            for (int e = 2 * half; e < 2 * half + 2; e++) {
                scores[j][e] = exp2f(scores[j][e] - against);
                sum[half] += scores[j][e];
            }
        }
    }
}

// mixed += exponentials * values; the exponentials go into the product as they lie in the registers.
template <int D, int KEYS>
__device__ __forceinline__ void mix(float (&mixed)[D / 8][4], const float (&scores)[KEYS / 8][4], const bf16* values) {
    int lane = threadIdx.x % 32;
#pragma unroll
    for (int j = 0; j < KEYS / 16; j++) {
        const float(&low)[4] = scores[2 * j];
        const float(&high)[4] = scores[2 * j + 1];
        uint32_t a[4] = {pair(low[0], low[1]), pair(low[2], low[3]), pair(high[0], high[1]), pair(high[2], high[3])};
#pragma unroll
        for (int c = 0; c < D / 16; c++) {
            uint32_t b[4];
            load_matrices_transposed(b, values + (16 * j + lane % 16) * pitch<D>() + 16 * c + lane / 16 * 8);
            multiply_add(mixed[2 * c], a, b[0], b[1]);
            multiply_add(mixed[2 * c + 1], a, b[2], b[3]);
        }
    }
}

// Divides by the sums and writes a warp's rows.
template <int D>
__device__ __forceinline__ void finish(const Shape& s, const Work& w, const Results<bf16>& to, int first_line,
                                       const float (&mixed)[D / 8][4], const float (&maximum)[2],
                                       const float (&sum)[2]) {
    int lane = threadIdx.x % 32;
#pragma unroll
    for (int half = 0; half < 2; half++) {
        float total = sum[half] + from_lane_xor(sum[half], 1);
        total += from_lane_xor(total, 2);
        int p = w.first_packed + first_line + lane / 4 + 8 * half;
        if (p >= w.packed) continue;
        int row = p / w.group, head = w.kv_head * w.group + p % w.group;
        float inverse = total > 0.0f ? 1.0f / total : 0.0f;
        if (lane % 4 == 0) put_logarithm(s, to, row, head, total > 0.0f ? maximum[half] + log2f(total) : NOTHING_SEEN);
#pragma unroll
        for (int j = 0; j < D / 8; j++) {
            int column = 8 * j + 2 * (lane % 4);
            if (column >= s.head_dim) continue;
            put(s, to, row, head, column, mixed[j][2 * half] * inverse);
            put(s, to, row, head, column + 1, mixed[j][2 * half + 1] * inverse);
        }
    }
}

template <int D, int KEYS>
__device__ __forceinline__ void tensor_attention(const Shape& s, const bf16* queries, const bf16* own_keys,
                                                 const bf16* own_values, const bf16* cross_keys,
                                                 const bf16* cross_values, const Results<bf16>& to) {
    bf16* query_tile = reinterpret_cast<bf16*>(block_memory());
    bf16* key_tile = query_tile + TENSOR_ROWS * pitch<D>();
    bf16* value_tile = key_tile + KEYS * pitch<D>();
    Work w = work_of_block(s, TENSOR_ROWS, KEYS);
    int lane = threadIdx.x % 32, first_line = threadIdx.x / 32 * 16;
    // A warp without rows helps to copy, and computes nothing.
    bool has_rows = w.first_packed + first_line < w.packed;

    float mixed[D / 8][4] = {};
    float maximum[2] = {NOTHING_SEEN, NOTHING_SEEN};
    float sum[2] = {0.0f, 0.0f};

    copy_queries<D>(s, w, queries, query_tile);
    if (w.first_block < w.last_block) {
        KeyBlock b = key_block(s, w, w.first_block, KEYS);
        copy_keys<D, KEYS>(s, b, b.own ? own_keys : cross_keys, key_tile);
    }
    end_copies();
    for (int block = w.first_block; block < w.last_block; block++) {
        // Values arrive while scores are computed, the next keys while values are mixed.
        KeyBlock b = key_block(s, w, block, KEYS);
        copy_keys<D, KEYS>(s, b, b.own ? own_values : cross_values, value_tile);
        end_copies();
        wait_for_copies<1>();
        block_barrier();
        float scores[KEYS / 8][4];
        if (has_rows) score<D, KEYS>(scores, query_tile + first_line * pitch<D>(), key_tile);
        block_barrier();
        if (block + 1 < w.last_block) {
            KeyBlock next = key_block(s, w, block + 1, KEYS);
            copy_keys<D, KEYS>(s, next, next.own ? own_keys : cross_keys, key_tile);
        }
        end_copies();
        if (has_rows) {
            bool whole = all_rows_see(s, w, b, KEYS);
#pragma unroll
            for (int e = 0; e < 4; e++) {
                int position = s.first_query + (w.first_packed + first_line + lane / 4 + e / 2 * 8) / w.group;
#pragma unroll
                for (int j = 0; j < KEYS / 8; j++) {
                    int key = b.first + 8 * j + 2 * (lane % 4) + e % 2;
                    bool seen = whole || sees(s, b, position, key);
                    scores[j][e] = seen ? scores[j][e] * s.scale : NOTHING_SEEN;
                }
            }
            soften<D, KEYS>(scores, mixed, maximum, sum);
        }
        wait_for_copies<1>();
        block_barrier();
        if (has_rows) mix<D, KEYS>(mixed, scores, value_tile);
        block_barrier();
    }
    wait_for_copies<0>();
    if (has_rows) finish<D>(s, w, to, first_line, mixed, maximum, sum);
}

#define TENSOR_KERNEL(D, KEYS)                                                                                        \
    extern "C" __global__ void __launch_bounds__(128) attention_tensor_##D(                                           \
        Shape s, const bf16* queries, const bf16* own_keys, const bf16* own_values, const bf16* cross_keys,           \
        const bf16* cross_values, bf16* out, float* parts, float* logarithms) {                                       \
        Results<bf16> to = {out, parts, logarithms};                                                                  \
        tensor_attention<D, KEYS>(s, queries, own_keys, own_values, cross_keys, cross_values, to);                    \
    }

// Keys of a block as in engine/src/kernels/gpu/launch.rs.
TENSOR_KERNEL(32, 64)
TENSOR_KERNEL(64, 64)
TENSOR_KERNEL(80, 64)
TENSOR_KERNEL(128, 64)
TENSOR_KERNEL(256, 32)

#endif

// ---- without tensor cores: any type, any head_dim up to 256 ----

static const int PLAIN_ROWS = 16;
static const int PLAIN_KEYS = 16;
static const int PLAIN_THREADS = 128;

template <typename T>
__device__ __forceinline__ void plain_attention(const Shape& s, const T* queries, const T* own_keys,
                                                const T* own_values, const T* cross_keys, const T* cross_values,
                                                const Results<T>& to) {
    int d = s.head_dim, t = threadIdx.x;
    float* query_tile = reinterpret_cast<float*>(block_memory());
    float* tile = query_tile + PLAIN_ROWS * d;
    float* scores = tile + PLAIN_KEYS * (d + 1);
    float* maximum = scores + PLAIN_ROWS * PLAIN_KEYS;
    float* sum = maximum + PLAIN_ROWS;
    float* keep = sum + PLAIN_ROWS;
    Work w = work_of_block(s, PLAIN_ROWS, PLAIN_KEYS);

    for (int i = t; i < PLAIN_ROWS * d; i += PLAIN_THREADS) {
        int p = w.first_packed + i / d;
        long long head = w.kv_head * w.group + p % w.group;
        long long place = head * s.query_stride + (long long)(p / w.group) * d + i % d;
        query_tile[i] = p < w.packed ? widen(queries[place]) : 0.0f;
    }
    if (t < PLAIN_ROWS) {
        maximum[t] = NOTHING_SEEN;
        sum[t] = 0.0f;
    }
    // A thread sums columns t and t + 128 of all rows.
    float mixed[PLAIN_ROWS][2] = {};

    for (int block = w.first_block; block < w.last_block; block++) {
        KeyBlock b = key_block(s, w, block, PLAIN_KEYS);
        const T* keys = b.own ? own_keys : cross_keys;
        const T* values = b.own ? own_values : cross_values;
        for (int i = t; i < PLAIN_KEYS * d; i += PLAIN_THREADS) {
            bool there = b.first + i / d < b.end;
            long long place = b.offset + (long long)b.first * d + i;
            tile[i / d * (d + 1) + i % d] = there ? widen(keys[place]) : 0.0f;
        }
        block_barrier();
        for (int i = t; i < PLAIN_ROWS * PLAIN_KEYS; i += PLAIN_THREADS) {
            int line = i / PLAIN_KEYS, key = i % PLAIN_KEYS;
            float product = 0.0f;
            for (int c = 0; c < d; c++) product += query_tile[line * d + c] * tile[key * (d + 1) + c];
            int position = s.first_query + (w.first_packed + line) / w.group;
            scores[i] = sees(s, b, position, b.first + key) ? product * s.scale : NOTHING_SEEN;
        }
        block_barrier();
        for (int i = t; i < PLAIN_KEYS * d; i += PLAIN_THREADS) {
            bool there = b.first + i / d < b.end;
            long long place = b.offset + (long long)b.first * d + i;
            tile[i / d * (d + 1) + i % d] = there ? widen(values[place]) : 0.0f;
        }
        if (t < PLAIN_ROWS) {
            float* line = scores + t * PLAIN_KEYS;
            float top = maximum[t];
            for (int key = 0; key < PLAIN_KEYS; key++) top = fmaxf(top, line[key]);
            float against = top == NOTHING_SEEN ? 0.0f : top;
            keep[t] = exp2f(maximum[t] - against);
            float total = sum[t] * keep[t];
            for (int key = 0; key < PLAIN_KEYS; key++) {
                line[key] = exp2f(line[key] - against);
                total += line[key];
            }
            maximum[t] = top;
            sum[t] = total;
        }
        block_barrier();
#pragma unroll
        for (int part = 0; part < 2; part++) {
            int column = t + part * PLAIN_THREADS;
            if (column >= d) continue;
#pragma unroll
            for (int line = 0; line < PLAIN_ROWS; line++) mixed[line][part] *= keep[line];
            for (int key = 0; key < PLAIN_KEYS; key++) {
                float value = tile[key * (d + 1) + column];
#pragma unroll
                for (int line = 0; line < PLAIN_ROWS; line++) {
                    mixed[line][part] += scores[line * PLAIN_KEYS + key] * value;
                }
            }
        }
        block_barrier();
    }
    block_barrier();
#pragma unroll
    for (int line = 0; line < PLAIN_ROWS; line++) {
        int p = w.first_packed + line;
        if (p >= w.packed) continue;
        int row = p / w.group, head = w.kv_head * w.group + p % w.group;
        float inverse = sum[line] > 0.0f ? 1.0f / sum[line] : 0.0f;
        if (t == line) put_logarithm(s, to, row, head, sum[t] > 0.0f ? maximum[t] + log2f(sum[t]) : NOTHING_SEEN);
#pragma unroll
        for (int part = 0; part < 2; part++) {
            int column = t + part * PLAIN_THREADS;
            if (column < d) put(s, to, row, head, column, mixed[line][part] * inverse);
        }
    }
}

// ---- joining splits; probabilities ----

// One block a row and head: the splits' parts, weighted by their sums, and the logarithm of the whole.
template <typename T>
__device__ __forceinline__ void combine(const Shape& s, const float* parts, const float* part_logarithms, T* out,
                                        float* logarithms) {
    int row = blockIdx.x, head = blockIdx.y;
    long long place = (long long)head * s.rows + row, step = (long long)s.heads * s.rows;
    float top = NOTHING_SEEN;
    for (int split = 0; split < s.splits; split++) top = fmaxf(top, part_logarithms[split * step + place]);
    float against = top == NOTHING_SEEN ? 0.0f : top;
    float total = 0.0f;
    for (int split = 0; split < s.splits; split++) total += exp2f(part_logarithms[split * step + place] - against);
    float inverse = total > 0.0f ? 1.0f / total : 0.0f;
    if (threadIdx.x == 0) logarithms[place] = total > 0.0f ? against + log2f(total) : NOTHING_SEEN;
    for (int column = threadIdx.x; column < s.head_dim; column += blockDim.x) {
        float mixed = 0.0f;
        for (int split = 0; split < s.splits; split++) {
            float weight = exp2f(part_logarithms[split * step + place] - against);
            mixed += weight * parts[(split * step + place) * s.head_dim + column];
        }
        narrow(mixed * inverse, out[((long long)row * s.heads + head) * s.head_dim + column]);
    }
}

// What share of each row's softmax falls on each of `count` keys from `first` on, averaged over heads: [r, count] in
// f32. One warp a key, all heads and one row.
template <typename T>
__device__ __forceinline__ void probabilities(const Shape& s, const T* queries, const T* keys, const float* logarithms,
                                              int own, int first, int count, float* out) {
    int lane = threadIdx.x % 32, group = s.heads / s.kv_heads;
    int index = blockIdx.x * (blockDim.x / 32) + threadIdx.x / 32, row = blockIdx.y;
    if (index >= count) return;
    int key = first + index, position = s.first_query + row;
    bool seen = !own || (key >= position - s.left && key <= position + s.right);
    float mean = 0.0f;
    for (int head = 0; seen && head < s.heads; head++) {
        const T* query = queries + head * s.query_stride + (long long)row * s.head_dim;
        long long stride = own ? s.own_stride : s.cross_stride;
        const T* line = keys + head / group * stride + (long long)key * s.head_dim;
        float product = 0.0f;
        for (int c = lane; c < s.head_dim; c += 32) product += widen(query[c]) * widen(line[c]);
        for (int distance = 16; distance > 0; distance /= 2) product += from_lane_xor(product, distance);
        mean += exp2f(product * s.scale - logarithms[(long long)head * s.rows + row]);
    }
    if (lane == 0) out[(long long)row * count + index] = mean / s.heads;
}

#define PLAIN_KERNELS(NAME, T)                                                                                        \
    extern "C" __global__ void __launch_bounds__(128) attention_plain_##NAME(                                         \
        Shape s, const T* queries, const T* own_keys, const T* own_values, const T* cross_keys,                       \
        const T* cross_values, T* out, float* parts, float* logarithms) {                                             \
        Results<T> to = {out, parts, logarithms};                                                                     \
        plain_attention<T>(s, queries, own_keys, own_values, cross_keys, cross_values, to);                           \
    }                                                                                                                 \
    extern "C" __global__ void attention_combine_##NAME(Shape s, const float* parts, const float* part_logarithms,    \
                                                        T* out, float* logarithms) {                                  \
        combine<T>(s, parts, part_logarithms, out, logarithms);                                                       \
    }                                                                                                                 \
    extern "C" __global__ void attention_probabilities_##NAME(Shape s, const T* queries, const T* keys,               \
                                                              const float* logarithms, int own, int first, int count, \
                                                              float* out) {                                           \
        probabilities<T>(s, queries, keys, logarithms, own, first, count, out);                                       \
    }

PLAIN_KERNELS(bf16, bf16)
PLAIN_KERNELS(f32, float)
