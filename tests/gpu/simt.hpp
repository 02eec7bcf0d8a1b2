// A graphics card's way of running a kernel, on a CPU: every thread of a block is a fiber, and whatever the threads of a
// warp or a block do together is a point at which fibers take turns.
//
// Stricter than a card on purpose: shared memory starts as NaN, copies that were started arrive as late or as early as they
// may, warps run as far apart as they may, and lanes that do not meet at the same operation, or a thread that leaves while others wait, end the program.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <vector>

#if !defined(__x86_64__)
#include <ucontext.h>
#endif

struct Dim3 {
    int x = 1, y = 1, z = 1;
};

namespace simt {

constexpr int WARP = 32;

#if defined(__x86_64__)

// A fiber that waits is its stack: what a function must preserve lies on top. glibc's swapcontext does the same and asks
// the kernel about signals each time, a hundred times slower.
struct Context {
    void* top = nullptr;

    void begin(std::vector<char>& stack, void (*body)()) {
        uintptr_t end = reinterpret_cast<uintptr_t>(stack.data() + stack.size()) / 16 * 16;
        void** words = reinterpret_cast<void**>(end);
        // Where a function starts, the stack is 8 bytes off a multiple of 16.
        *--words = nullptr;
        *--words = reinterpret_cast<void*>(body);
        for (int i = 0; i < 6; i++) *--words = nullptr;
        top = words;
    }
};

extern "C" void simt_switch(void** from, void* to);
asm(R"(
    .text
    .globl simt_switch
    .type simt_switch, @function
simt_switch:
    pushq %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp, (%rdi)
    movq %rsi, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    ret
    .size simt_switch, . - simt_switch
)");

inline void go(Context& from, Context& to) { simt_switch(&from.top, to.top); }

#else

struct Context {
    ucontext_t context;

    void begin(std::vector<char>& stack, void (*body)()) {
        getcontext(&context);
        context.uc_stack.ss_sp = stack.data();
        context.uc_stack.ss_size = stack.size();
        context.uc_link = nullptr;
        makecontext(&context, body, 0);
    }
};

inline void go(Context& from, Context& to) { swapcontext(&from.context, &to.context); }

#endif

struct Copy {
    void* to;
    const void* from;
    bool there;
};

struct Fiber {
    Context context;
    std::vector<char> stack;
    bool finished = false;
    // Meetings of its warp and of its block that it has come to.
    int warp_meetings = 0, block_meetings = 0;
    std::vector<std::vector<Copy>> groups;
    std::vector<Copy> open_group;
};

// What the lanes of a warp lay down at a meeting; two of them, since a lane may be at the next before all have left.
struct Meeting {
    int arrived = 0;
    const char* operation = nullptr;
    uint32_t words[WARP][10];
    const void* places[WARP];
};

struct Block {
    std::vector<Fiber> fibers;
    std::vector<Meeting> meetings;
    std::vector<int> met;
    int at_barrier = 0, barriers = 0;
    std::vector<char> memory;
    Context scheduler;
    int current = 0;
    std::function<void()> body;
};

inline Block* block = nullptr;
inline Dim3 block_index, block_size, thread_index;

// What a card may do either way: the order of warps, and whether a copy arrives when it is started or when it is waited
// for. Results must not depend on it.
inline bool backwards = false, eager = false;

[[noreturn]] inline void give_up(const char* what) {
    std::fprintf(stderr, "block %d %d %d, thread %d: %s\n", block_index.x, block_index.y, block_index.z,
                 block ? block->current : -1, what);
    std::exit(3);
}

inline void take_turns() { go(block->fibers[block->current].context, block->scheduler); }

inline void run_fiber() {
    block->body();
    block->fibers[block->current].finished = true;
    take_turns();
}

// Gives each lane of a warp one turn; returns whether any came further.
inline bool run_warp(int warp, int threads, int& unfinished) {
    bool moved = false;
    for (int i = warp * WARP; i < threads && i < (warp + 1) * WARP; i++) {
        Fiber& fiber = block->fibers[i];
        if (fiber.finished) continue;
        int before = fiber.warp_meetings + fiber.block_meetings;
        block->current = i;
        thread_index.x = i, thread_index.y = 0, thread_index.z = 0;
        go(block->scheduler, fiber.context);
        if (fiber.finished) {
            unfinished--;
            if (!fiber.open_group.empty() || !fiber.groups.empty()) give_up("it ends with copies under way");
        }
        moved = moved || fiber.finished || fiber.warp_meetings + fiber.block_meetings != before;
    }
    return moved;
}

// Runs one block of threads to its end.
inline void run_block(int threads, size_t shared_bytes, std::function<void()> body) {
    static Block storage;
    block = &storage;
    block->body = std::move(body);
    block->fibers.resize(threads);
    block->meetings.assign(2 * ((threads + WARP - 1) / WARP), Meeting());
    block->met.assign((threads + WARP - 1) / WARP, 0);
    block->at_barrier = block->barriers = 0;
    block->memory.assign(shared_bytes + 16, '\xff');
    for (int i = 0; i < threads; i++) {
        Fiber& fiber = block->fibers[i];
        fiber.finished = false;
        fiber.warp_meetings = fiber.block_meetings = 0;
        fiber.groups.clear();
        fiber.open_group.clear();
        fiber.stack.resize(64 * 1024);
        fiber.context.begin(fiber.stack, run_fiber);
    }
    // A warp goes as far as it can before the next one starts, so that a barrier that is missing is missed.
    int warps = (threads + WARP - 1) / WARP, unfinished = threads;
    while (unfinished > 0) {
        bool moved = false;
        for (int i = 0; i < warps; i++) {
            int warp = backwards ? warps - 1 - i : i;
            while (run_warp(warp, threads, unfinished)) moved = true;
        }
        if (!moved) give_up("threads wait for each other");
    }
}

// Meets the other lanes of the warp, each with up to ten words and a place; returns what all have brought.
inline Meeting& meet(const char* operation, const uint32_t* words, int count, const void* place) {
    int lane = block->current % WARP, warp = block->current / WARP;
    Fiber& fiber = block->fibers[block->current];
    int number = fiber.warp_meetings++;
    Meeting& meeting = block->meetings[2 * warp + number % 2];
    if (meeting.arrived == 0 || meeting.arrived == WARP) {
        meeting.arrived = 0;
        meeting.operation = operation;
    }
    if (std::strcmp(meeting.operation, operation) != 0) give_up("lanes of a warp do different things");
    std::copy(words, words + count, meeting.words[lane]);
    meeting.places[lane] = place;
    if (++meeting.arrived == WARP) block->met[warp] = number + 1;
    while (block->met[warp] <= number) take_turns();
    return meeting;
}

inline void barrier() {
    Fiber& fiber = block->fibers[block->current];
    int number = fiber.block_meetings++;
    if (++block->at_barrier == (int)block->fibers.size()) {
        block->at_barrier = 0;
        block->barriers++;
    }
    while (block->barriers <= number) take_turns();
}

inline uint32_t bits(float x) {
    uint32_t word;
    std::memcpy(&word, &x, 4);
    return word;
}

inline float number(uint32_t word) {
    float x;
    std::memcpy(&x, &word, 4);
    return x;
}

inline float lane_xor(float x, int distance) {
    uint32_t word = bits(x);
    return number(meet("exchange", &word, 1, nullptr).words[(block->current % WARP) ^ distance][0]);
}

}  // namespace simt

// bfloat16 in its 16 bits.
struct bf16 {
    uint16_t raw;
};

inline float widen(bf16 x) { return simt::number((uint32_t)x.raw << 16); }

inline bf16 rounded(float x) {
    uint32_t word = simt::bits(x);
    if (std::isnan(x)) return {(uint16_t)(word >> 16 | 64)};
    return {(uint16_t)((word + 0x7fff + (word >> 16 & 1)) >> 16)};
}
