//! Reads stored JSON field by field, where it does not fit as a whole: a word of a later version, or one damaged entry,
//! costs itself and nothing else.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// What could not be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Losses {
    /// Fields that have their default value instead.
    pub fields: usize,
    /// Whole entries that were left out.
    pub entries: usize,
}

impl Losses {
    /// Whether anything could not be read.
    pub(crate) fn any(self) -> bool {
        self != Self::default()
    }
}

/// The object that bytes hold; anything else is one lost entry.
pub(crate) fn object(bytes: &[u8], losses: &mut Losses) -> Map<String, Value> {
    if let Ok(Value::Object(map)) = serde_json::from_slice(bytes) {
        return map;
    }
    losses.entries += 1;
    Map::new()
}

/// A value whose fields, except the `required` ones, have defaults. Fields that cannot be read are left out; `None` where a
/// required one is missing or cannot be read.
pub(crate) fn fields<T: DeserializeOwned>(
    map: Map<String, Value>,
    required: &[&str],
    losses: &mut Losses,
) -> Option<T> {
    let (base, others): (Map<_, _>, Map<_, _>) =
        map.into_iter().partition(|(name, _)| required.contains(&name.as_str()));
    T::deserialize(&Value::Object(base.clone())).ok()?;
    let mut readable = base.clone();
    for (name, value) in others {
        let mut alone = base.clone();
        alone.insert(name.clone(), value);
        let alone = Value::Object(alone);
        let is_readable = T::deserialize(&alone).is_ok();
        match alone {
            Value::Object(mut alone) if is_readable => readable.extend(alone.remove(&name).map(|value| (name, value))),
            _ => losses.fields += 1,
        }
    }
    T::deserialize(Value::Object(readable)).ok()
}

/// The entries of a list of objects that `read` understands.
pub(crate) fn entries<T>(
    list: Option<Value>,
    losses: &mut Losses,
    mut read: impl FnMut(Map<String, Value>, &mut Losses) -> Option<T>,
) -> Vec<T> {
    let list = match list {
        None => Vec::new(),
        Some(Value::Array(list)) => list,
        Some(_) => {
            losses.entries += 1;
            Vec::new()
        }
    };
    let mut found = Vec::with_capacity(list.len());
    for entry in list {
        let entry = match entry {
            Value::Object(map) => read(map, losses),
            _ => None,
        };
        match entry {
            Some(entry) => found.push(entry),
            None => losses.entries += 1,
        }
    }
    found
}
