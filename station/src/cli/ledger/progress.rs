//! How far a command over the whole ledger is: on stderr, where somebody looks at it.

use indicatif::{ProgressBar, ProgressStyle};

use crate::cli::context::Context;

/// What is done, how far, how long still.
const TEMPLATE: &str = "{msg:10} [{bar:32}] {human_pos} of {human_len} entries, {eta} left";

/// A bar for so many entries; a hidden one where nobody wants to see it.
pub(super) fn bar(context: &Context, what: &'static str, entries: u64) -> ProgressBar {
    if context.output.is_quiet() || context.output.is_json() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template(TEMPLATE);
    let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(entries)
        .with_style(style.progress_chars("=> "))
        .with_message(what)
}
