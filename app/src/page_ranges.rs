//! Page ranges as text: "3-8, 12".

/// Parses page ranges: first and last page of each, counted from 1.
///
/// # Errors
/// Names the part that is not a page number or runs backwards, as one sentence without a full stop.
pub(crate) fn parse(text: &str) -> Result<Vec<(u32, u32)>, String> {
    let number = |part: &str| {
        part.trim()
            .parse::<u32>()
            .ok()
            .filter(|&page| page > 0)
            .ok_or_else(|| format!("\"{}\" is not a page number", part.trim()))
    };
    let range = |part: &str| match part.split_once(['-', '–']) {
        Some((first, last)) => {
            let (first, last) = (number(first)?, number(last)?);
            if first > last { Err(format!("{} runs backwards", part.trim())) } else { Ok((first, last)) }
        }
        None => number(part).map(|page| (page, page)),
    };
    text.split(',').map(range).collect()
}

/// Formats page ranges: "3–8, 12".
pub(crate) fn words(ranges: &[(u32, u32)]) -> String {
    let range = |&(first, last): &(u32, u32)| {
        if first == last { first.to_string() } else { format!("{first}–{last}") }
    };
    ranges.iter().map(range).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn page_ranges_are_read_or_refused_with_a_reason() {
        for (text, expected) in [
            ("3", Ok(vec![(3, 3)])),
            ("3-8,12", Ok(vec![(3, 8), (12, 12)])),
            ("3–8, 12", Ok(vec![(3, 8), (12, 12)])),
            (" 1 - 2 ", Ok(vec![(1, 2)])),
            ("8-3", Err("8-3 runs backwards")),
            ("0", Err("\"0\" is not a page number")),
            ("3, a", Err("\"a\" is not a page number")),
            ("", Err("\"\" is not a page number")),
        ] {
            let read = parse(text);
            assert_eq!(
                read.as_deref().map_err(String::as_str),
                expected.as_deref().map_err(|error| *error),
                "{text:?}"
            );
        }
    }

    #[test]
    fn what_is_written_is_read_again() {
        let ranges = [(3, 8), (12, 12)];
        assert_eq!(words(&ranges), "3–8, 12");
        assert_eq!(parse(&words(&ranges)).as_deref(), Ok(&ranges[..]));
    }
}
