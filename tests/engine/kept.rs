//! A report is read once: what an engine encoded serves the next one, and the answer is the same.

use std::time::{Duration, Instant};

use engine::protocol::{Event, MemoryChoice, Source, WindowOrigin};
use recto_tests::fixture;

use crate::reading_model::{ask, engine, entries, looked, origins, pages, read, write_model, write_report};

fn warnings(events: &[Event]) -> usize {
    events.iter().filter(|event| matches!(event, Event::Warning { .. })).count()
}

#[test]
fn after_a_restart_nothing_is_encoded_again_and_the_answer_is_the_same() {
    let home = tempfile::tempdir().unwrap();
    let model = write_model(&home.path().join("model"), |_| ());
    let source = write_report(&home.path().join("report.txt"), &pages(12));
    let first = engine(home.path());
    let (fresh, _) = ask(&first, &model, &source, "How large was the deficit?");
    assert_eq!((fresh.cost.kept_tokens, fresh.model.memory), (0, Some(MemoryChoice::KeysValues)));
    let (second, _) = ask(&first, &model, &source, "How large was the deficit?");
    assert_eq!((second.cost.kept_tokens, &second.text), (fresh.cost.encoded_tokens, &fresh.text));
    drop(first);

    let restarted = engine(home.path());
    let (kept, events) = ask(&restarted, &model, &source, "How large was the deficit?");
    assert_eq!(kept.cost.kept_tokens, kept.cost.encoded_tokens);
    assert_eq!(kept.model.memory, Some(MemoryChoice::Shared), "at once, without keys and values");
    assert!(!fresh.text.is_empty());
    assert_eq!(kept.text, fresh.text);
    assert_eq!(warnings(&events), 0);
    let shares = |answer: &engine::protocol::Answer| answer.evidence.iter().map(|page| page.share).collect::<Vec<_>>();
    for (kept, fresh) in shares(&kept).iter().zip(shares(&fresh)) {
        assert!((kept - fresh).abs() < 1e-3, "{kept} {fresh}");
    }
    // The file need not be read again either, and may have another name by now.
    assert_eq!(entries(home.path(), "pages-v1").len(), 1);
    let renamed = home.path().join("renamed.txt");
    std::fs::rename(&source.path, &renamed).unwrap();
    let source = Source { path: renamed, password: None };
    let (again, _) = ask(&restarted, &model, &source, "How large was the deficit?");
    assert_eq!((again.documents[0].name.as_str(), &again.text), ("renamed.txt", &fresh.text));
    assert_eq!(entries(home.path(), "pages-v1").len(), 1);
    // While nobody asks, keys and values are built behind.
    let begun = Instant::now();
    loop {
        std::thread::sleep(Duration::from_millis(500));
        let (later, _) = ask(&restarted, &model, &source, "How large was the deficit?");
        assert_eq!(later.text, fresh.text);
        if later.model.memory == Some(MemoryChoice::KeysValues) {
            break;
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "keys and values never came");
    }
}

#[test]
fn what_was_read_is_made_ready_before_a_question_comes() {
    let home = tempfile::tempdir().unwrap();
    let model = write_model(&home.path().join("model"), |_| ());
    let source = write_report(&home.path().join("report.txt"), &pages(6));
    read(&engine(home.path()), &model, &source);
    // All is on disk now, so a question that came at once would be answered from the shared memory.
    for patience in [1, 2, 4, 8, 16] {
        let restarted = engine(home.path());
        let (map, _) = read(&restarted, &model, &source);
        assert!(map.windows.iter().all(|window| window.origin == WindowOrigin::Kept));
        std::thread::sleep(Duration::from_secs(patience));
        let (answer, _) = ask(&restarted, &model, &source, "How large was the deficit?");
        assert_eq!(answer.cost.kept_tokens, answer.cost.encoded_tokens);
        if answer.model.memory == Some(MemoryChoice::KeysValues) {
            return;
        }
    }
    panic!("keys and values were never there before the question");
}

#[test]
fn reading_tells_which_windows_were_kept_and_a_damaged_one_is_made_again() {
    let home = tempfile::tempdir().unwrap();
    let model = write_model(&home.path().join("model"), |_| ());
    let source = write_report(&home.path().join("report.txt"), &pages(12));
    let (map, _) = read(&engine(home.path()), &model, &source);
    let count = map.windows.len();
    assert!(count >= 3, "{count} windows");
    assert_eq!(origins(&map), (count, 0));
    let files = entries(home.path(), "encodings-v1");
    assert_eq!(files.len(), count);
    let mut bytes = std::fs::read(&files[1]).unwrap();
    let at = bytes.len() - 5;
    bytes[at] ^= 1;
    std::fs::write(&files[1], bytes).unwrap();
    let again = engine(home.path());
    let (map, _) = read(&again, &model, &source);
    assert_eq!(origins(&map), (1, count - 1));
    // States that lie on the disk alone are taken from there for a question.
    let (answer, _) = ask(&again, &model, &source, "Which bonds?");
    assert_eq!(answer.cost.kept_tokens, answer.cost.encoded_tokens);
    std::fs::remove_dir_all(home.path().join("cache/encodings-v1")).unwrap();
    let (answer, _) = ask(&engine(home.path()), &model, &source, "Which bonds?");
    assert_eq!(answer.cost.kept_tokens, 0);
}

#[test]
fn one_changed_page_costs_its_window_alone() {
    let home = tempfile::tempdir().unwrap();
    let model = write_model(&home.path().join("model"), |_| ());
    let path = home.path().join("report.txt");
    let mut text: Vec<String> =
        pages(120).iter().map(|page| page.lines().take(2).collect::<Vec<_>>().join("\n")).collect();
    let (map, _) = read(&engine(home.path()), &model, &write_report(&path, &text));
    let count = map.windows.len();
    assert!(count >= 6, "{count} windows");
    let page = map.windows[3].first_page + 1;
    assert!(page < map.windows[3].last_page, "{:?}", map.windows[3]);
    let corrected = &mut text[page as usize - 1];
    *corrected = corrected.replacen("million", "billion", 1);
    let (map, _) = read(&engine(home.path()), &model, &write_report(&path, &text));
    assert_eq!(origins(&map), (1, count - 1));
    assert_eq!(map.windows[3].origin, WindowOrigin::Encoded);
}

#[test]
fn another_model_or_other_numbers_share_no_windows() {
    let home = tempfile::tempdir().unwrap();
    let model = write_model(&home.path().join("model"), |_| ());
    let other = write_model(&home.path().join("other"), |tensors| {
        let name = "model.encoder.layers.0.self_attn.q_proj.weight";
        let doubled = (&tensors[name] * 2.0).unwrap();
        tensors.insert(name.into(), doubled);
    });
    let source = write_report(&home.path().join("report.txt"), &pages(6));
    let first = engine(home.path());
    let (map, _) = read(&first, &model, &source);
    assert_eq!(origins(&map), (map.windows.len(), 0));
    let (map, _) = read(&first, &other, &source);
    assert_eq!(origins(&map), (map.windows.len(), 0));
    let (map, _) = read(&first, &model, &source);
    assert_eq!(origins(&map), (0, map.windows.len()));
}

#[test]
fn a_picture_is_looked_at_once_for_all_models_with_the_same_tower() {
    let home = tempfile::tempdir().unwrap();
    let model = write_model(&home.path().join("model"), |_| ());
    let other = write_model(&home.path().join("other"), |tensors| {
        let doubled = (&tensors["model.encoder.embed_tokens.weight"] * 2.0).unwrap();
        tensors.insert("model.encoder.embed_tokens.weight".into(), doubled);
    });
    let source = Source { path: fixture("model/pictures/source.png"), password: None };
    let (map, events) = read(&engine(home.path()), &model, &source);
    assert!(looked(&events) && map.windows.iter().any(|window| window.figures > 0));
    let pictures = entries(home.path(), "vision-v1");
    assert!(pictures.len() >= 2, "features and the note of which picture it is: {pictures:?}");
    let (map, events) = read(&engine(home.path()), &other, &source);
    assert_eq!(origins(&map), (map.windows.len(), 0));
    assert!(!looked(&events), "the tower had nothing to do");
    assert_eq!(entries(home.path(), "vision-v1"), pictures);
    let (map, events) = read(&engine(home.path()), &model, &source);
    assert_eq!(origins(&map), (0, map.windows.len()));
    assert!(!looked(&events));
}

#[test]
fn a_disk_that_takes_nothing_costs_a_warning_and_no_answer() {
    let home = tempfile::tempdir().unwrap();
    let model = write_model(&home.path().join("model"), |_| ());
    let source = write_report(&home.path().join("report.txt"), &pages(12));
    let good = tempfile::tempdir().unwrap();
    let (expected, _) = ask(&engine(good.path()), &model, &source, "Which bonds?");
    std::fs::create_dir_all(home.path().join("cache")).unwrap();
    std::fs::write(home.path().join("cache/encodings-v1"), b"in the way").unwrap();
    let blocked = engine(home.path());
    let (answer, events) = ask(&blocked, &model, &source, "Which bonds?");
    assert_eq!(answer.text, expected.text);
    assert_eq!(warnings(&events), 1, "{events:?}");
    // What could not be kept stays in memory for the next question.
    let (map, _) = read(&blocked, &model, &source);
    assert_eq!(origins(&map), (map.windows.len(), 0));
    let (answer, _) = ask(&blocked, &model, &source, "Which bonds?");
    assert_eq!((answer.cost.kept_tokens, answer.text), (answer.cost.encoded_tokens, expected.text));
}

#[test]
fn two_engines_read_the_same_report_at_once() {
    let home = tempfile::tempdir().unwrap();
    let model = write_model(&home.path().join("model"), |_| ());
    let source = write_report(&home.path().join("report.txt"), &pages(20));
    std::thread::scope(|scope| {
        let work = || read(&engine(home.path()), &model, &source);
        let other = std::thread::Builder::new().spawn_scoped(scope, work).unwrap();
        let (map, events) = work();
        let (other_map, other_events) = other.join().unwrap();
        assert_eq!(map.windows.len(), other_map.windows.len());
        assert_eq!((warnings(&events), warnings(&other_events)), (0, 0));
    });
    let (map, _) = read(&engine(home.path()), &model, &source);
    assert_eq!(origins(&map), (0, map.windows.len()));
}
