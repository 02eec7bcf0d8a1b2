// One piece of attention from standard input through the kernels to standard output, all numbers 32 bits wide; the other
// end is tests/gpu/attention.rs.
#pragma once

#include <string>

#include "simt.hpp"

namespace harness {

template <typename T>
T take() {
    T value;
    if (std::fread(&value, sizeof value, 1, stdin) != 1) simt::give_up("the input is too short");
    return value;
}

// `count` numbers as elements, between margins that nobody may use.
template <typename T>
struct Array {
    std::vector<T> all;
    static constexpr size_t MARGIN = 4096;

    explicit Array(size_t count) : all(count + 2 * MARGIN) { std::memset(all.data(), 0xff, all.size() * sizeof(T)); }
    T* begin() { return all.data() + MARGIN; }
    size_t size() const { return all.size() - 2 * MARGIN; }

    void check_margins() const {
        for (size_t i = 0; i < MARGIN; i++) {
            for (const T& x : {all[i], all[all.size() - 1 - i]}) {
                for (size_t byte = 0; byte < sizeof(T); byte++) {
                    if (reinterpret_cast<const unsigned char*>(&x)[byte] != 0xff) simt::give_up("a write past an end");
                }
            }
        }
    }
};

template <typename T>
Array<T> take_array(size_t count) {
    Array<T> array(count);
    for (size_t i = 0; i < count; i++) narrow(take<float>(), array.begin()[i]);
    return array;
}

template <typename T>
void give(Array<T>& array) {
    array.check_margins();
    for (size_t i = 0; i < array.size(); i++) {
        float x = widen(array.begin()[i]);
        std::fwrite(&x, sizeof x, 1, stdout);
    }
}

struct Grid {
    int x, y, z, threads, shared_bytes;
};

// Every block of a grid, one after the other.
inline void launch(Grid grid, const std::function<void()>& body) {
    simt::block_size.x = grid.threads;
    for (int z = 0; z < grid.z; z++) {
        for (int y = 0; y < grid.y; y++) {
            for (int x = 0; x < grid.x; x++) {
                simt::block_index.x = x, simt::block_index.y = y, simt::block_index.z = z;
                simt::run_block(grid.threads, grid.shared_bytes, body);
            }
        }
    }
}

// `Kernels` names the kernels for elements of type `T`: attend, combine, probabilities.
template <typename T, typename Shape, typename Kernels>
void run(const std::string& kernel, const Shape& s, Grid grid) {
    size_t rows = s.rows, heads = s.heads, d = s.head_dim, own = s.num_own, cross = s.num_cross;
    Array<T> queries = take_array<T>(heads * s.query_stride);
    Array<T> own_keys = take_array<T>(s.kv_heads * s.own_stride);
    Array<T> own_values = take_array<T>(s.kv_heads * s.own_stride);
    Array<T> cross_keys = take_array<T>(s.kv_heads * s.cross_stride);
    Array<T> cross_values = take_array<T>(s.kv_heads * s.cross_stride);
    Array<T> out(rows * heads * d);
    Array<float> parts(s.splits * heads * rows * d), part_logarithms(s.splits * heads * rows), logarithms(heads * rows);
    float* first_logarithms = s.splits == 1 ? logarithms.begin() : part_logarithms.begin();
    auto attend = [&](bool other_way) {
        simt::backwards = simt::eager = other_way;
        launch(grid, [&] {
            Kernels::attend(kernel, s, queries.begin(), own_keys.begin(), own_values.begin(), cross_keys.begin(),
                            cross_values.begin(), out.begin(), parts.begin(), first_logarithms);
        });
    };
    attend(true);
    Array<T> out_before = out;
    Array<float> parts_before = parts;
    attend(false);
    if (std::memcmp(out_before.all.data(), out.all.data(), out.all.size() * sizeof(T)) != 0 ||
        std::memcmp(parts_before.all.data(), parts.all.data(), parts.all.size() * sizeof(float)) != 0)
        simt::give_up("results depend on the order of warps or the time of copies");
    if (s.splits > 1) {
        launch({(int)rows, (int)heads, 1, 128, 0}, [&] {
            Kernels::combine(s, parts.begin(), part_logarithms.begin(), out.begin(), logarithms.begin());
        });
    }
    Array<float> seen_own(rows * own), seen_cross(rows * cross);
    launch({(int)(own + 3) / 4, (int)rows, 1, 128, 0}, [&] {
        Kernels::probabilities(s, queries.begin(), own_keys.begin(), logarithms.begin(), 1, 0, (int)own,
                               seen_own.begin());
    });
    launch({(int)(cross + 3) / 4, (int)rows, 1, 128, 0}, [&] {
        Kernels::probabilities(s, queries.begin(), cross_keys.begin(), logarithms.begin(), 0, 0, (int)cross,
                               seen_cross.begin());
    });
    parts.check_margins();
    part_logarithms.check_margins();
    give(out);
    give(logarithms);
    give(seen_own);
    give(seen_cross);
}

// Reads the name of the kernel, the shape and the grid, and runs them with the kernels of its element type.
template <typename Shape, template <typename> class Kernels, typename Half>
int main_with() {
    std::string kernel(take<int>(), ' ');
    if (std::fread(&kernel[0], 1, kernel.size(), stdin) != kernel.size()) simt::give_up("the input is too short");
    Shape s = take<Shape>();
    Grid grid = take<Grid>();
    bool is_f32 = kernel.size() > 4 && kernel.compare(kernel.size() - 4, 4, "_f32") == 0;
    if (is_f32)
        run<float, Shape, Kernels<float>>(kernel, s, grid);
    else
        run<Half, Shape, Kernels<Half>>(kernel, s, grid);
    return 0;
}

}  // namespace harness
