//! What reaches a card, told by a stand-in that does what a launch says, number by number, against attention as the CPU
//! computes it.

use candle_core::{CpuStorage, DType, Device, Result, Storage, Tensor};

use super::attend::{Inputs, Kernels, Part, attend_on};
use super::launch::{Card, Launch, Shape};
use crate::kernels::attention::{AttentionSink, CrossKeys, OwnKeys, Visibility, attend};

/// Follows a launch in plain Rust: strides, positions and reach as the kernels take them.
struct StandIn(Card);

/// All numbers behind a tensor, from its first one on: a kernel gets no more than an address.
fn address(tensor: &Tensor) -> Vec<f32> {
    let (storage, layout) = tensor.storage_and_layout();
    let Storage::Cpu(CpuStorage::F32(numbers)) = &*storage else { panic!("f32 on the CPU") };
    numbers[layout.start_offset()..].to_vec()
}

impl StandIn {
    /// Scores of a head's row against its own keys, minus infinity where unseen, and against the others.
    fn scores(s: &Shape, inputs: &Inputs, head: usize, row: usize) -> (Vec<f32>, Vec<f32>) {
        let d = s.head_dim as usize;
        let query = address(&inputs.queries)[head * s.query_stride as usize + row * d..][..d].to_vec();
        let kv_head = head / (s.heads / s.kv_heads) as usize;
        let against = |keys: &Tensor, stride: i64, count: i32| -> Vec<f32> {
            let keys = address(keys);
            let line = |key: usize| &keys[kv_head * stride as usize + key * d..][..d];
            (0..count as usize)
                .map(|key| query.iter().zip(line(key)).map(|(a, b)| a * b).sum::<f32>() * s.scale)
                .collect()
        };
        let mut own = against(&inputs.own.keys, s.own_stride, s.num_own);
        let position = s.first_query + row as i32;
        for (key, score) in (0..).zip(&mut own) {
            if key < position - s.left || key > position + s.right {
                *score = f32::NEG_INFINITY;
            }
        }
        (own, against(&inputs.cross.keys, s.cross_stride, s.num_cross))
    }
}

impl Kernels for StandIn {
    fn card(&self) -> Result<Card> {
        Ok(self.0)
    }

    fn attention(&self, launch: &Launch, inputs: &Inputs) -> Result<(Tensor, Tensor)> {
        let s = &launch.shape;
        let (heads, rows, d) = (s.heads as usize, s.rows as usize, s.head_dim as usize);
        let mut out = vec![0f32; rows * heads * d];
        let mut logarithms = vec![0f32; heads * rows];
        for head in 0..heads {
            let kv_head = head / (s.heads / s.kv_heads) as usize;
            for row in 0..rows {
                let (own, cross) = Self::scores(s, inputs, head, row);
                let sum: f32 = own.iter().chain(&cross).map(|score| score.exp2()).sum();
                logarithms[head * rows + row] = sum.log2();
                let line = &mut out[(row * heads + head) * d..][..d];
                for (scores, values, stride) in
                    [(own, &inputs.own.values, s.own_stride), (cross, &inputs.cross.values, s.cross_stride)]
                {
                    let values = address(values);
                    for (key, score) in scores.iter().enumerate() {
                        let value = &values[kv_head * stride as usize + key * d..][..d];
                        line.iter_mut().zip(value).for_each(|(sum_of, x)| *sum_of += score.exp2() / sum * x);
                    }
                }
            }
        }
        let tensor = |values, shape| Tensor::from_vec(values, shape, &Device::Cpu);
        Ok((tensor(out, (rows, heads * d))?, tensor(logarithms, (heads, rows))?))
    }

    fn probabilities(&self, launch: &Launch, inputs: &Inputs, logarithms: &Tensor, part: Part) -> Result<Tensor> {
        let s = &launch.shape;
        let logarithms = logarithms.to_vec2::<f32>()?;
        let mut means = vec![0f32; s.rows as usize * part.count];
        for row in 0..s.rows as usize {
            for (head, logarithm) in logarithms.iter().enumerate() {
                let (own, cross) = Self::scores(s, inputs, head, row);
                let scores = if part.own { own } else { cross };
                let line = &mut means[row * part.count..][..part.count];
                for (mean, score) in line.iter_mut().zip(&scores[part.first..]) {
                    *mean += (score - logarithm[row]).exp2() / s.heads as f32;
                }
            }
        }
        Tensor::from_vec(means, (s.rows as usize, part.count), &Device::Cpu)
    }
}

/// Keys and values of an encoder.
struct Encoded(Tensor, Tensor);

impl CrossKeys for Encoded {
    fn len(&self) -> usize {
        self.0.dims()[1]
    }

    fn keys_values(&self) -> Option<(&Tensor, &Tensor)> {
        Some((&self.0, &self.1))
    }

    fn scores(&self, queries: &Tensor) -> Result<Tensor> {
        queries.matmul(&self.0.t()?)
    }

    fn mix(&self, probabilities: &Tensor) -> Result<Tensor> {
        probabilities.matmul(&self.1)
    }
}

/// The sum over rows of what an onlooker was told, by position of the key.
#[derive(Default)]
struct Onlooker {
    own: Vec<f32>,
    cross: Vec<f32>,
}

fn add(sums: &mut Vec<f32>, probabilities: &Tensor, first: usize) -> Result<()> {
    let told = probabilities.sum(0)?.to_vec1::<f32>()?;
    sums.resize(sums.len().max(first + told.len()), 0.0);
    sums[first..].iter_mut().zip(told).for_each(|(sum, share)| *sum += share);
    Ok(())
}

impl AttentionSink for Onlooker {
    fn own(&mut self, probabilities: &Tensor, first_position: usize) -> Result<()> {
        add(&mut self.own, probabilities, first_position)
    }

    fn cross(&mut self, probabilities: &Tensor) -> Result<()> {
        add(&mut self.cross, probabilities, 0)
    }
}

fn assert_near(ours: &[f32], theirs: &[f32], what: &str) {
    assert_eq!(ours.len(), theirs.len(), "{what}");
    for (i, (a, b)) in ours.iter().zip(theirs).enumerate() {
        assert!((a - b).abs() < 1e-5, "{what}[{i}]: {a}, not {b}");
    }
}

/// Keys in a cache with room to grow, some of them forgotten; queries in the middle of the sequence; an onlooker.
#[test]
fn launches_say_what_attention_means() {
    let random = |shape: (usize, usize, usize)| Tensor::randn(0f32, 1.0, shape, &Device::Cpu).unwrap();
    let encoded = Encoded(random((2, 23, 12)), random((2, 23, 12)));
    // Transposed, so that its rows are not one behind the other.
    let odd = Encoded(random((2, 12, 23)).t().unwrap(), random((2, 23, 12)));
    for card in [Card::Metal, Card::Cuda { processors: 100, tensor_cores: true }] {
        for (visibility, first_query, cross) in [
            (Visibility::All, 0, None),
            (Visibility::Band { left: 3, right: 4 }, 5, None),
            (Visibility::Causal { window: None }, 9, Some(&encoded)),
            (Visibility::Causal { window: Some(4) }, 9, Some(&encoded)),
            (Visibility::Causal { window: None }, 9, Some(&odd)),
        ] {
            let first_position = first_query / 2;
            let own = OwnKeys {
                keys: random((2, 40, 12)).narrow(1, 3, 17).unwrap(),
                values: random((2, 40, 12)).narrow(1, 3, 17).unwrap(),
                first_position,
                visibility,
            };
            let queries = random((6, 8, 12));
            let cross = cross.map(|cross| cross as &dyn CrossKeys);
            let (mut expected, mut told) = (Onlooker::default(), Onlooker::default());
            let theirs = attend(&queries, first_query, &own, cross, 0.3, Some(&mut expected)).unwrap();
            let mut sink: Option<&mut dyn AttentionSink> = Some(&mut told);
            let ours = attend_on(&StandIn(card), &queries, first_query, &own, cross, 0.3, &mut sink).unwrap().unwrap();
            assert_eq!(ours.dims(), theirs.dims());
            let numbers = |tensor: &Tensor| tensor.flatten_all().unwrap().to_vec1::<f32>().unwrap();
            assert_near(&numbers(&ours), &numbers(&theirs), "result");
            assert_near(&told.own, &expected.own, "own");
            assert_near(&told.cross, &expected.cross, "cross");
        }
    }
}

/// What the kernels do not do goes the old way: a memory without keys, and other types.
#[test]
fn what_the_kernels_do_not_do_is_left_to_others() {
    struct Shared;
    impl CrossKeys for Shared {
        fn len(&self) -> usize {
            1
        }
        fn scores(&self, queries: &Tensor) -> Result<Tensor> {
            Ok(queries.clone())
        }
        fn mix(&self, probabilities: &Tensor) -> Result<Tensor> {
            Ok(probabilities.clone())
        }
    }
    let zeros = |width: usize, dtype| Tensor::zeros((1, 1, width), dtype, &Device::Cpu).unwrap();
    for (width, dtype, cross) in
        [(8, DType::F32, Some(&Shared as &dyn CrossKeys)), (8, DType::F64, None), (300, DType::F32, None)]
    {
        let tensor = zeros(width, dtype);
        let own =
            OwnKeys { keys: tensor.clone(), values: tensor.clone(), first_position: 0, visibility: Visibility::All };
        assert!(attend_on(&StandIn(Card::Metal), &tensor, 0, &own, cross, 1.0, &mut None).unwrap().is_none());
    }
}
