//! Builds the kernels for this machine's processor and runs one piece of attention on them.

use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use engine::kernels::gpu::launch::{Card, Launch, Problem, THREADS};
use recto_tests::repository;

/// Keys and values of both sequences, and queries, as the engine lays them out.
#[derive(Debug)]
pub(crate) struct Inputs {
    /// `[h, query_stride]`, of which a head fills `rows * head_dim`.
    pub queries: Vec<f32>,
    pub own_keys: Vec<f32>,
    pub own_values: Vec<f32>,
    pub cross_keys: Vec<f32>,
    pub cross_values: Vec<f32>,
}

/// What the kernels make of it.
#[derive(Debug)]
pub(crate) struct Outputs {
    /// `[r, h * d]`.
    pub mixed: Vec<f32>,
    /// `[h, r]`, base 2.
    pub logarithms: Vec<f32>,
    /// Averaged over heads, `[r, num_own]`.
    pub own: Vec<f32>,
    /// Averaged over heads, `[r, num_cross]`.
    pub cross: Vec<f32>,
}

/// The program for a card, compiled once.
fn program(card: Card) -> &'static PathBuf {
    static CUDA: OnceLock<PathBuf> = OnceLock::new();
    static METAL: OnceLock<PathBuf> = OnceLock::new();
    match card {
        Card::Cuda { .. } => CUDA.get_or_init(|| compile("cuda")),
        Card::Metal => METAL.get_or_init(|| compile("metal")),
    }
}

fn compile(name: &str) -> PathBuf {
    let folder = repository().join("tests/gpu").join(name);
    let built = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-kernels"));
    let compiler = std::env::var_os("CXX").unwrap_or_else(|| "c++".into());
    let mut command = Command::new(&compiler);
    command.args(["-std=c++17", "-O2", "-w", "-I"]).arg(&folder).arg("-o").arg(&built).arg(folder.join("host.cpp"));
    let status = command.status();
    let text = format!("`{}` must compile {}; is a C++ compiler installed?", compiler.display(), folder.display());
    assert!(status.as_ref().is_ok_and(std::process::ExitStatus::success), "{text} {status:?}");
    built
}

/// Runs `problem` as `card` would.
pub(crate) fn run(card: Card, problem: &Problem, inputs: &Inputs) -> Outputs {
    let launch = Launch::new(problem, card).expect("the kernels take it");
    let s = launch.shape;
    let mut given = Vec::new();
    let mut ints = |values: &[i32]| values.iter().for_each(|value| given.extend(value.to_le_bytes()));
    ints(&[launch.kernel.len() as i32]);
    given.extend(launch.kernel.as_bytes());
    let mut ints = |values: &[i32]| values.iter().for_each(|value| given.extend(value.to_le_bytes()));
    ints(&[s.heads, s.kv_heads, s.rows, s.head_dim, s.num_own, s.num_cross, s.first_query, s.left, s.right, s.splits]);
    ints(&[s.scale.to_bits() as i32, s.unused]);
    for stride in [s.query_stride, s.own_stride, s.cross_stride] {
        given.extend(stride.to_le_bytes());
    }
    for number in launch.grid.into_iter().chain([THREADS, launch.shared_bytes]) {
        given.extend(number.to_le_bytes());
    }
    for array in [&inputs.queries, &inputs.own_keys, &inputs.own_values, &inputs.cross_keys, &inputs.cross_values] {
        given.extend(array.iter().flat_map(|value| value.to_le_bytes()));
    }
    let mut child = Command::new(program(card)).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    // All input is read before anything is written, so this cannot stand still.
    child.stdin.take().unwrap().write_all(&given).unwrap();
    let mut bytes = Vec::new();
    child.stdout.take().unwrap().read_to_end(&mut bytes).unwrap();
    assert!(child.wait().unwrap().success(), "{problem:?}");
    let numbers: Vec<f32> = bytes.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect();
    let counts = [
        problem.rows * problem.heads * problem.head_dim,
        problem.heads * problem.rows,
        problem.rows * problem.num_own,
        problem.rows * problem.num_cross,
    ];
    assert_eq!(numbers.len(), counts.iter().sum::<usize>());
    let mut rest = numbers.as_slice();
    let [mixed, logarithms, own, cross] = counts.map(|count| {
        let (first, others) = rest.split_at(count);
        rest = others;
        first.to_vec()
    });
    Outputs { mixed, logarithms, own, cross }
}
