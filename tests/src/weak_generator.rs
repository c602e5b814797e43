//! Two boards whose generators give the same key: the first passes, the second holds its lane.

/// The part of a defect catalogue that has them. The second comes when the first is done.
#[must_use]
pub fn catalogue(first: usize, second: usize) -> String {
    format!(
        r#"
[[defect]]
name = "weak-generator-first"
expected = "PASS"
fault = {{ kind = "shared-key" }}

[[defect]]
name = "weak-generator-second"
expected = "KEY-REUSED"
fault = {{ kind = "shared-key" }}

[[assign]]
device = {first}
defect = "weak-generator-first"

[[assign]]
device = {second}
defect = "weak-generator-second"
after = {first}
"#
    )
}
