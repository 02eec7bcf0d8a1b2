//! The header of a GGUF file: metadata and the list of tensors, fully validated.
//!
//! Format: <https://github.com/ggml-org/ggml/blob/master/docs/gguf.md>, versions 2 and 3, little-endian. candle has a
//! reader too; this one also rejects tensors that overlap, exceed the file or are duplicated, and an alignment of zero, and
//! it keeps long arrays of numbers as numbers.

use std::collections::BTreeMap;
use std::io::Read;

use candle_core::quantized::GgmlDType;

use super::GgufError;
use super::reader::Reader;

/// `GGUF` read as a little-endian number.
const MAGIC: u32 = 0x4655_4747;
/// A vocabulary of a quarter of a million strings takes 6 MB; larger headers are invalid.
const MAX_HEADER_BYTES: u64 = 256 << 20;
const MAX_ENTRIES: u64 = 1 << 16;
const MAX_ARRAY_ELEMENTS: u64 = 1 << 24;
const MAX_DIMENSIONS: u32 = 4;
const DEFAULT_ALIGNMENT: u64 = 32;
const MAX_ALIGNMENT: u64 = 1 << 20;

/// The header of a GGUF file.
#[derive(Debug)]
pub struct GgufHeader {
    /// Metadata by key.
    pub metadata: BTreeMap<String, Value>,
    /// Tensors by the names they are stored under.
    pub tensors: BTreeMap<String, TensorEntry>,
    /// Where in the file the tensors' bytes start.
    pub data_start: u64,
}

/// A value of the metadata.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A whole number of any width.
    Integer(i128),
    /// A number of either precision.
    Float(f64),
    /// Yes or no.
    Bool(bool),
    /// A string.
    Text(String),
    /// Whole numbers that fit 32 bits with a sign.
    Integers(Vec<i32>),
    /// Numbers in single precision.
    Floats(Vec<f32>),
    /// Strings.
    Texts(Vec<String>),
    /// An array of another type, which is not used; its number of elements.
    Other(u64),
}

/// A tensor as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TensorEntry {
    /// Type of its numbers.
    pub dtype: GgmlDType,
    /// Shape as in PyTorch, the fastest dimension last.
    pub shape: Vec<usize>,
    /// Where it starts, counted from [`GgufHeader::data_start`].
    pub offset: u64,
    /// How many bytes it takes.
    pub bytes: u64,
}

impl GgufHeader {
    /// Reads the header of a file that is `file_bytes` long.
    ///
    /// # Errors
    /// Returns a [`GgufError`] that says what is wrong; nothing larger than the file is allocated.
    pub fn read(source: impl Read, file_bytes: u64) -> Result<Self, GgufError> {
        let mut reader = Reader::new(source, file_bytes.min(MAX_HEADER_BYTES));
        let (tensor_count, entry_count) = read_counts(&mut reader)?;
        let mut metadata = BTreeMap::new();
        for _ in 0..entry_count {
            let key = reader.string("a key of the metadata")?;
            let value = read_value(&mut reader, &key)?;
            if metadata.insert(key.clone(), value).is_some() {
                return Err(GgufError::Damaged(format!("`{key}` comes twice")));
            }
        }
        let alignment = alignment(&metadata)?;
        let mut tensors = BTreeMap::new();
        for _ in 0..tensor_count {
            let name = reader.string("a tensor's name")?;
            let entry = read_tensor(&mut reader, &name, alignment)?;
            if tensors.insert(name.clone(), entry).is_some() {
                return Err(GgufError::Damaged(format!("the tensor `{name}` appears twice")));
            }
        }
        let data_start = reader.position().next_multiple_of(alignment);
        check_places(&tensors, file_bytes.saturating_sub(data_start))?;
        Ok(Self { metadata, tensors, data_start })
    }

    /// A string of the metadata.
    pub fn text(&self, key: &str) -> Option<&str> {
        match self.metadata.get(key) {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// A whole number of the metadata that is not negative.
    pub fn integer(&self, key: &str) -> Option<usize> {
        match self.metadata.get(key) {
            Some(Value::Integer(number)) => usize::try_from(*number).ok(),
            _ => None,
        }
    }

    /// A finite number of the metadata.
    pub fn float(&self, key: &str) -> Option<f64> {
        match self.metadata.get(key) {
            Some(Value::Float(number)) => Some(*number).filter(|number| number.is_finite()),
            Some(Value::Integer(number)) => Some(*number as f64),
            _ => None,
        }
    }
}

fn read_counts<R: Read>(reader: &mut Reader<R>) -> Result<(u64, u64), GgufError> {
    let magic = reader.u32("the file's first bytes").map_err(|error| match error {
        GgufError::Truncated { .. } => GgufError::NotGguf,
        other => other,
    })?;
    if magic != MAGIC {
        return Err(GgufError::NotGguf);
    }
    match reader.u32("the version")? {
        2 | 3 => {}
        swapped if matches!(swapped.swap_bytes(), 1..=3) => return Err(GgufError::BigEndian),
        version => return Err(GgufError::Version(version)),
    }
    let tensor_count = reader.u64("the number of tensors")?;
    let entry_count = reader.u64("the number of metadata entries")?;
    for (what, count, least_bytes) in [("tensors", tensor_count, 24), ("metadata entries", entry_count, 13)] {
        if count > MAX_ENTRIES {
            return Err(GgufError::Implausible { what: what.to_owned(), count });
        }
        reader.require(what, count, least_bytes)?;
    }
    Ok((tensor_count, entry_count))
}

fn read_value<R: Read>(reader: &mut Reader<R>, key: &str) -> Result<Value, GgufError> {
    match reader.u32(key)? {
        8 => Ok(Value::Text(reader.string(key)?)),
        9 => read_array(reader, key),
        kind => read_scalar(reader, key, kind),
    }
}

fn read_scalar<R: Read>(reader: &mut Reader<R>, key: &str, kind: u32) -> Result<Value, GgufError> {
    Ok(match kind {
        0 => Value::Integer(reader.u8(key)?.into()),
        1 => Value::Integer(i8::from_le_bytes(reader.array(key)?).into()),
        2 => Value::Integer(u16::from_le_bytes(reader.array(key)?).into()),
        3 => Value::Integer(i16::from_le_bytes(reader.array(key)?).into()),
        4 => Value::Integer(reader.u32(key)?.into()),
        5 => Value::Integer(i32::from_le_bytes(reader.array(key)?).into()),
        6 => Value::Float(f32::from_le_bytes(reader.array(key)?).into()),
        7 => match reader.u8(key)? {
            0 => Value::Bool(false),
            1 => Value::Bool(true),
            other => return Err(GgufError::Damaged(format!("`{key}` is neither true nor false but {other}"))),
        },
        10 => Value::Integer(reader.u64(key)?.into()),
        11 => Value::Integer(i64::from_le_bytes(reader.array(key)?).into()),
        12 => Value::Float(f64::from_le_bytes(reader.array(key)?)),
        other => return Err(GgufError::Damaged(format!("`{key}` has the unknown type {other}"))),
    })
}

fn read_array<R: Read>(reader: &mut Reader<R>, key: &str) -> Result<Value, GgufError> {
    let kind = reader.u32(key)?;
    let count = reader.u64(key)?;
    if count > MAX_ARRAY_ELEMENTS {
        return Err(GgufError::Implausible { what: format!("elements of `{key}`"), count });
    }
    let least_bytes = match kind {
        0 | 1 | 7 => 1,
        2 | 3 => 2,
        4..=6 => 4,
        8 | 10..=12 => 8,
        9 => return Err(GgufError::Damaged(format!("`{key}` is an array of arrays"))),
        other => return Err(GgufError::Damaged(format!("`{key}` has elements of the unknown type {other}"))),
    };
    reader.require(key, count, least_bytes)?;
    match kind {
        8 => (0..count).map(|_| reader.string(key)).collect::<Result<_, _>>().map(Value::Texts),
        6 => (0..count).map(|_| reader.array(key).map(f32::from_le_bytes)).collect::<Result<_, _>>().map(Value::Floats),
        5 => {
            (0..count).map(|_| reader.array(key).map(i32::from_le_bytes)).collect::<Result<_, _>>().map(Value::Integers)
        }
        _ => {
            for _ in 0..count {
                read_scalar(reader, key, kind)?;
            }
            Ok(Value::Other(count))
        }
    }
}

fn alignment(metadata: &BTreeMap<String, Value>) -> Result<u64, GgufError> {
    match metadata.get("general.alignment") {
        None => Ok(DEFAULT_ALIGNMENT),
        Some(Value::Integer(alignment)) => u64::try_from(*alignment)
            .ok()
            .filter(|alignment| alignment.is_power_of_two() && *alignment <= MAX_ALIGNMENT)
            .ok_or_else(|| GgufError::Damaged(format!("an alignment of {alignment} bytes"))),
        Some(_) => Err(GgufError::Damaged("an alignment that is not a number".to_owned())),
    }
}

fn read_tensor<R: Read>(reader: &mut Reader<R>, name: &str, alignment: u64) -> Result<TensorEntry, GgufError> {
    let damaged = |what: &str| GgufError::Damaged(format!("the tensor `{name}` has {what}"));
    let dimensions = reader.u32(name)?;
    if dimensions == 0 || dimensions > MAX_DIMENSIONS {
        return Err(damaged(&format!("{dimensions} dimensions")));
    }
    let mut shape = Vec::new();
    let mut elements = 1_usize;
    for _ in 0..dimensions {
        let extent = usize::try_from(reader.u64(name)?).map_err(|_| damaged("an impossible extent"))?;
        elements = elements.checked_mul(extent).ok_or_else(|| damaged("an impossible extent"))?;
        shape.push(extent);
    }
    if elements == 0 {
        return Err(damaged("no elements"));
    }
    let dtype = dtype(name, reader.u32(name)?)?;
    let offset = reader.u64(name)?;
    if !offset.is_multiple_of(alignment) {
        return Err(damaged("an offset that is not aligned"));
    }
    // GGUF lists the fastest dimension first; blocks of numbers never cross a row.
    if !shape.first().is_some_and(|row| row.is_multiple_of(dtype.block_size())) {
        return Err(damaged("rows that do not divide into blocks"));
    }
    shape.reverse();
    let bytes =
        (elements / dtype.block_size()).checked_mul(dtype.type_size()).ok_or_else(|| damaged("an impossible size"))?;
    Ok(TensorEntry { dtype, shape, offset, bytes: bytes as u64 })
}

/// Numbers of the types in ggml's enumeration. candle keeps its own table private.
fn dtype(tensor: &str, id: u32) -> Result<GgmlDType, GgufError> {
    let unsupported =
        |type_name: &str| Err(GgufError::UnsupportedType { name: tensor.to_owned(), type_name: type_name.to_owned() });
    match id {
        0 => Ok(GgmlDType::F32),
        1 => Ok(GgmlDType::F16),
        2 => Ok(GgmlDType::Q4_0),
        3 => Ok(GgmlDType::Q4_1),
        6 => Ok(GgmlDType::Q5_0),
        7 => Ok(GgmlDType::Q5_1),
        8 => Ok(GgmlDType::Q8_0),
        10 => Ok(GgmlDType::Q2K),
        11 => Ok(GgmlDType::Q3K),
        12 => Ok(GgmlDType::Q4K),
        13 => Ok(GgmlDType::Q5K),
        14 => Ok(GgmlDType::Q6K),
        30 => Ok(GgmlDType::BF16),
        // Both occur only during computation and are never stored; candle does not load them.
        9 => unsupported("Q8_1"),
        15 => unsupported("Q8_K"),
        16..=23 | 29 => unsupported(&format!("IQ ({id})")),
        other => unsupported(&other.to_string()),
    }
}

/// Checks that every tensor is inside the `available` bytes and overlaps no other.
fn check_places(tensors: &BTreeMap<String, TensorEntry>, available: u64) -> Result<(), GgufError> {
    let mut by_place: Vec<_> = tensors.iter().collect();
    by_place.sort_by_key(|(_, entry)| entry.offset);
    let mut previous: Option<(&str, u64)> = None;
    for (name, entry) in by_place {
        let end = entry.offset.checked_add(entry.bytes).filter(|end| *end <= available);
        let Some(end) = end else {
            let left_bytes = available.saturating_sub(entry.offset);
            return Err(GgufError::Truncated {
                what: format!("the tensor `{name}`"),
                needed_bytes: entry.bytes,
                left_bytes,
            });
        };
        if let Some((first, _)) = previous.filter(|(_, previous_end)| *previous_end > entry.offset) {
            return Err(GgufError::Overlap { first: first.to_owned(), second: name.clone() });
        }
        previous = Some((name, end));
    }
    Ok(())
}
