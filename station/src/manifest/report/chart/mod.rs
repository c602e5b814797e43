//! The report's charts, as SVG that stands in the page: `plotters` draws them.
//!
//! They are drawn in the colours of a light page. The style sheet gives each of these colours its
//! counterpart for dark pages, so every colour that is used here has a rule there; a test looks.

mod distribution;
mod paint;
mod pareto;
mod throughput;

pub(super) use distribution::distribution;
pub use paint::{ChartFault, LANE_COLOURS, MAPPED};
pub use pareto::pareto;
pub use throughput::{lane_order, throughput};
