//! Attention as one writes it down first, in f64: all scores of a row, one softmax, one sum.

use engine::kernels::attention::Visibility;
use engine::kernels::gpu::launch::Problem;

use crate::host::{Inputs, Outputs};

/// Own keys that the query at `position` sees.
fn sees(visibility: Visibility, position: usize, key: usize) -> bool {
    match visibility {
        Visibility::All => true,
        Visibility::Band { left, right } => key + left >= position && key <= position + right,
        Visibility::Causal { window } => key <= position && window.is_none_or(|window| key + window > position),
    }
}

/// What the kernels should make of `inputs`.
pub(crate) fn attend(problem: &Problem, inputs: &Inputs) -> Outputs {
    let Problem { heads, rows, head_dim: d, num_own, num_cross, .. } = *problem;
    let group = heads / problem.kv_heads;
    let mut result = Outputs {
        mixed: vec![0.0; rows * heads * d],
        logarithms: vec![0.0; heads * rows],
        own: vec![0.0; rows * num_own],
        cross: vec![0.0; rows * num_cross],
    };
    for row in 0..rows {
        let mut means = vec![0.0; num_own + num_cross];
        for head in 0..heads {
            let line = |all: &[f32], stride: usize, head: usize, i: usize| -> Vec<f64> {
                all[head * stride + i * d..][..d].iter().map(|&x| f64::from(x)).collect()
            };
            let query = line(&inputs.queries, problem.query_stride, head, row);
            let place = |key: usize| match key.checked_sub(num_own) {
                None => (&inputs.own_keys, &inputs.own_values, problem.own_stride, key),
                Some(key) => (&inputs.cross_keys, &inputs.cross_values, problem.cross_stride, key),
            };
            let seen: Vec<usize> = (0..num_own + num_cross)
                .filter(|&key| key >= num_own || sees(problem.visibility, problem.first_query + row, key))
                .collect();
            let exponentials: Vec<f64> = seen
                .iter()
                .map(|&key| {
                    let (keys, _, stride, i) = place(key);
                    let product: f64 = query.iter().zip(line(keys, stride, head / group, i)).map(|(a, b)| a * b).sum();
                    (product * problem.scale).exp()
                })
                .collect();
            let sum: f64 = exponentials.iter().sum();
            result.logarithms[head * rows + row] = sum.log2() as f32;
            let mut mixed = vec![0.0; d];
            for (&key, exponential) in seen.iter().zip(&exponentials) {
                let (_, values, stride, i) = place(key);
                let share = exponential / sum;
                means[key] += share / heads as f64;
                mixed
                    .iter_mut()
                    .zip(line(values, stride, head / group, i))
                    .for_each(|(sum, value)| *sum += share * value);
            }
            let out = &mut result.mixed[(row * heads + head) * d..][..d];
            out.iter_mut().zip(mixed).for_each(|(out, value)| *out = value as f32);
        }
        for (key, mean) in means.into_iter().enumerate() {
            match key.checked_sub(num_own) {
                None => result.own[row * num_own + key] = mean as f32,
                Some(key) => result.cross[row * num_cross + key] = mean as f32,
            }
        }
    }
    result
}
