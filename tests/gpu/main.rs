//! The graphics cards' kernels without a graphics card: their own sources, compiled for the CPU and run thread by thread.
//!
//! `simt.hpp` plays the card; `cuda/warp.cuh` and `metal/metal_stdlib` play what the sources include. What is not seen
//! here: the instructions in `engine/src/kernels/cuda/warp.cuh`, and time.

#![cfg(test)]

// Fibers, for which this needs `ucontext.h`, are at home there.
#[cfg(target_os = "linux")]
mod attention;
#[cfg(target_os = "linux")]
mod host;
#[cfg(target_os = "linux")]
mod reference;
