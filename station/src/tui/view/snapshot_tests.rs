//! What the screens look like, word by word: every screen and state in English, one of each screen in the
//! other languages. A test run never rewrites them; after a look at the difference, a person does, with
//! `INSTA_UPDATE=always cargo test -p station --lib tui::view::snapshot_tests`.

use super::layout_tests::drawn;
use super::{sample_list, samples};
use crate::tui::geometry::SMALLEST;
use crate::tui::state::State;
use crate::tui::theme::Theme;
use crate::words::Language;

fn check(name: &str, state: &State) {
    let (rows, _) = drawn(state, Theme::Monochrome);
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, rows.join("\n")));
}

#[test]
fn every_screen_and_state_in_english() {
    for (name, state) in sample_list::all() {
        let state = State {
            size: SMALLEST,
            ..state
        };
        check(&name, &state);
    }
    let wide = State {
        size: (160, 50),
        ..samples::running(8)
    };
    check("line-8-wide", &wide);
}

#[test]
fn each_screen_in_the_other_languages() {
    let names = [
        "nobody",
        "line-24",
        "line-4",
        "batch-grey",
        "device",
        "alarms-1",
        "lane-0",
        "log",
        "help-line",
        "ask-open",
    ];
    for (name, state) in sample_list::all() {
        if !names.contains(&name.as_str()) {
            continue;
        }
        for (suffix, language) in [
            ("zh", Language::Chinese),
            ("es", Language::Spanish),
            ("de", Language::German),
        ] {
            let state = State {
                size: SMALLEST,
                language,
                ..state.clone()
            };
            check(&format!("{name}-{suffix}"), &state);
        }
    }
}
