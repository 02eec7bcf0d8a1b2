//! Prompts that a model without an encoder was taught: passages in reading order, short documents whole.

use engine::diagnostic::Hint;
use engine::document::page::LineRole;
use engine::prompt::{PASSAGES, Template, passages_prompt, whole_pages};
use recto_tests::text_page as page;

use crate::prompt::{budget_report, document, is_partition, line, small};

#[test]
fn a_taught_prompt_keeps_the_order_of_pages() {
    let report = budget_report();
    let question = "How much were customs receipts in 2020?";
    let all = whole_pages(&[&report], small(), 5000).unwrap().unwrap();
    assert_eq!(all.iter().map(|page| page.page).collect::<Vec<_>>(), [1, 2, 3]);
    let needed: usize = all.iter().map(|page| page.tokens).sum();
    assert_eq!(whole_pages(&[&report], small(), needed - 1).unwrap(), None);
    let best_first = [all[2].clone(), all[1].clone(), all[1].clone()];
    let prompt = passages_prompt(&PASSAGES, small(), &[&report], &best_first, question, 5000).unwrap();
    let text = small().decode(&prompt.ids);
    assert!(text.starts_with("Passage: [page 2]\nBudget results\n\n"), "{text}");
    assert!(text.ends_with(&format!("on the economy.\nQuestion: {question}\nAnswer:")), "{text}");
    assert_eq!((text.matches("Customs | 70.8").count(), text.matches("[page ").count()), (1, 2), "{text}");
    assert!(text.find("[page 2]").unwrap() < text.find("[page 3]").unwrap(), "{text}");
    assert!(is_partition(&prompt.ids, &prompt.spans));
    assert_eq!(prompt.ids[0], small().special().bos);
}

#[test]
fn a_single_page_is_shown_as_it_was_taught() {
    let table = ["Month | Jan | Feb", "High | 10.8 | 10.7"];
    let lines = table.iter().map(|row| line(0, LineRole::TableRow, row)).collect();
    let short = document(vec![page(1, lines)]);
    let pages = whole_pages(&[&short], small(), 500).unwrap().unwrap();
    let prompt = passages_prompt(&PASSAGES, small(), &[&short], &pages, "How high in Feb?", 500).unwrap();
    let expected = "Passage: Month | Jan | Feb\nHigh | 10.8 | 10.7\nQuestion: How high in Feb?\nAnswer:";
    assert_eq!(small().decode(&prompt.ids), expected);
}

#[test]
fn prompts_are_taught_by_name() {
    for (name, has_encoder, expected) in [
        (None, true, Some("document_v1")),
        (None, false, Some("continuation_v1")),
        (Some("passages_v1"), false, Some("passages_v1")),
        (Some("passages_v1"), true, None),
        (Some("document_v1"), false, None),
        (Some("passages_v9"), false, None),
    ] {
        let taught = Template::taught(name, has_encoder);
        assert_eq!(taught.as_ref().ok().map(|template| template.name), expected, "{name:?} {has_encoder}");
        if let Err(error) = taught {
            assert!(error.to_string().contains(name.unwrap()) && error.hint().unwrap().contains("_v1"), "{error}");
        }
    }
}
