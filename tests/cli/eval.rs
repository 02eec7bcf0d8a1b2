//! `recto eval`: answers are scored against known ones.

use serde_json::{Value, json};

use crate::{run, stderr};

#[test]
fn answers_are_measured_as_they_are_given() {
    let home = tempfile::tempdir().unwrap();
    let model = crate::reading_model::write_model(&home.path().join("model"), |_| ());
    let (rows, answers) = (home.path().join("rows.jsonl"), home.path().join("answers.jsonl"));
    let row = |source: &str, question: &str, answer: &str| json!({ "source": source, "context": "Receipts | 2019\nCustoms | 70.8", "question": question, "answer": answer });
    let eval = |lines: &[Value]| {
        let text: Vec<String> = lines.iter().map(ToString::to_string).collect();
        std::fs::write(&rows, text.join("\n")).unwrap();
        let (rows, answers, model) = (rows.to_str().unwrap(), answers.to_str().unwrap(), model.to_str().unwrap());
        run(home.path(), &["eval", rows, "--model", model, "--answers", answers, "--max-tokens", "6", "--json"])
    };
    let first = eval(&[row("tables", "How much?", "nothing like it"), row("pages", "Who?", "")]);
    let told: Value = serde_json::from_slice(&first.stdout).unwrap_or_else(|_| panic!("{}", stderr(&first)));
    let [pages, tables] = &told["sources"].as_array().unwrap()[..] else { panic!("{told}") };
    assert_eq!((&pages["rows"], &pages["absent"], &pages["recognised"]), (&json!(0), &json!(1), &json!(0)));
    assert_eq!((&tables["rows"], &tables["exact"], &tables["withheld"]), (&json!(1), &json!(0.0), &json!(0)));
    let given: Value =
        serde_json::from_str(std::fs::read_to_string(&answers).unwrap().lines().next().unwrap()).unwrap();
    let given = given["given"].as_str().unwrap();
    assert!(!given.is_empty());
    let second = eval(&[row("tables", "How much?", given)]);
    let told: Value = serde_json::from_slice(&second.stdout).unwrap();
    assert_eq!((&told["sources"][0]["exact"], &told["sources"][0]["f1"]), (&json!(100.0), &json!(100.0)));
    let bad = eval(&[json!({ "question": "Why?" })]);
    assert_eq!(bad.status.code(), Some(1));
    assert!(stderr(&bad).contains("line 1 is not a valid question"), "{}", stderr(&bad));
    let blank = eval(&[row("tables", "How much?", given), row("tables", " ", given)]);
    assert!(stderr(&blank).contains("line 2 is not a valid question: question is empty"), "{}", stderr(&blank));
    // What fails later takes nothing with it that was answered before.
    let mut odd = row("tables", "How much?", given);
    odd["context"] = json!("%PDF-1.7 but not one");
    let cut = eval(&[row("tables", "How much?", given), odd]);
    let told: Value = serde_json::from_slice(&cut.stdout).unwrap_or_else(|_| panic!("{}", stderr(&cut)));
    assert_eq!(told["sources"][0]["rows"], json!(1));
    assert!(!cut.status.success() && stderr(&cut).contains("line 2"), "{}", stderr(&cut));
    assert_eq!(std::fs::read_to_string(&answers).unwrap().lines().count(), 1);
}
