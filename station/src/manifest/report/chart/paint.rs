//! Colours, letters and the frame that all charts have.

use std::io;

use plotters::chart::MeshStyle;
use plotters::coord::Shift;
use plotters::coord::types::RangedCoordf64;
use plotters::drawing::DrawingAreaErrorKind;
use plotters::prelude::{
    Color as _, DrawingArea, IntoDrawingArea as _, IntoFont as _, PathElement, RGBColor,
    SVGBackend, Text, TextStyle,
};
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::manifest::report::escape::Escaped;

/// What may go wrong while a chart is drawn; nothing of the drawing goes to a file.
pub type ChartFault = DrawingAreaErrorKind<io::Error>;

/// Where a chart is drawn.
pub(super) type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// Letters and axes.
pub(super) const INK: RGBColor = RGBColor(0x1e, 0x29, 0x3b);
/// Letters of less weight.
pub(super) const MUTED: RGBColor = RGBColor(0x5b, 0x6b, 0x80);
/// Lines behind the bars.
pub(super) const GRID: RGBColor = RGBColor(0xe3, 0xe8, 0xef);
/// Bars of values.
pub(super) const BAR: RGBColor = RGBColor(0x2a, 0x7f, 0x93);
/// Bars of failures, and of values outside of the limits.
pub(super) const BAD: RGBColor = RGBColor(0xc2, 0x41, 0x2d);
/// Limits.
pub(super) const LIMIT: RGBColor = RGBColor(0xb4, 0x23, 0x18);
/// The line of sums.
pub(super) const SUM: RGBColor = RGBColor(0x33, 0x41, 0x55);

/// One colour a lane; the last is for all lanes that have none of their own.
pub const LANE_COLOURS: [RGBColor; 8] = [
    RGBColor(0x0f, 0x76, 0x6e),
    RGBColor(0x3b, 0x6f, 0xd8),
    RGBColor(0xd9, 0x8a, 0x1c),
    RGBColor(0x85, 0x56, 0xc9),
    RGBColor(0xc9, 0x4f, 0x86),
    RGBColor(0x6b, 0x99, 0x2d),
    RGBColor(0x1b, 0x94, 0xb8),
    RGBColor(0x8a, 0x97, 0xa8),
];

/// Every colour that is drawn with.
pub const MAPPED: [RGBColor; 7] = [INK, MUTED, GRID, BAR, BAD, LIMIT, SUM];

type Mesh<'a, 'b, 's> = MeshStyle<'a, 'b, RangedCoordf64, RangedCoordf64, SVGBackend<'s>>;

/// Axes and lines that stay behind what they measure: level lines alone, no ticks, small letters.
pub(super) fn quiet<'m, 'a, 'b, 's>(mesh: &'m mut Mesh<'a, 'b, 's>) -> &'m mut Mesh<'a, 'b, 's> {
    let small = letters(11, MUTED, HPos::Center);
    mesh.disable_x_mesh()
        .y_max_light_lines(1)
        .light_line_style(GRID.stroke_width(0))
        .bold_line_style(GRID.stroke_width(1))
        .axis_style(GRID.stroke_width(1))
        .set_all_tick_mark_size(0)
        .x_label_style(small.clone())
        .y_label_style(small)
}

/// Draws a chart and puts it into words for those who cannot see it. `id` is unique in the page.
pub(super) fn chart(
    id: &str,
    (title, description): (&str, &str),
    size: (u32, u32),
    draw: impl FnOnce(&Area<'_>) -> Result<(), ChartFault>,
) -> Result<String, ChartFault> {
    let mut drawn = String::new();
    {
        let area = SVGBackend::with_string(&mut drawn, size).into_drawing_area();
        draw(&area)?;
        area.present()?;
    }
    // The library's own first tag has no words for people who hear the page.
    let inside = drawn.split_once('>').map_or("", |(_, inside)| inside);
    let (width, height) = size;
    Ok(format!(
        "<svg class=\"chart\" id=\"{id}\" role=\"img\" aria-labelledby=\"{id}-title {id}-words\" \
         width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\">\
         <title id=\"{id}-title\">{}</title><desc id=\"{id}-words\">{}</desc>{inside}",
        Escaped(title),
        Escaped(description),
    ))
}

/// The library counts letters in another unit than pixels.
const PER_PIXEL: f64 = 1.24;

/// Letters of that size and colour, hung up at that side of their place.
pub(super) fn letters(size: i32, colour: RGBColor, hung: HPos) -> TextStyle<'static> {
    ("sans-serif", f64::from(size) * PER_PIXEL)
        .into_font()
        .color(&colour)
        .pos(Pos::new(hung, VPos::Center))
}

/// Writes a line of text at a place in pixels.
pub(super) fn write(
    area: &Area<'_>,
    text: impl Into<String>,
    at: (f64, f64),
    style: &TextStyle<'static>,
) -> Result<(), ChartFault> {
    area.draw(&Text::new(
        text.into(),
        (pixel(at.0), pixel(at.1)),
        style.clone(),
    ))
}

/// Draws a line between places in pixels.
pub(super) fn line(
    area: &Area<'_>,
    points: &[(f64, f64)],
    colour: RGBColor,
    width: u32,
) -> Result<(), ChartFault> {
    let points: Vec<_> = points.iter().map(|(x, y)| (pixel(*x), pixel(*y))).collect();
    area.draw(&PathElement::new(points, colour.stroke_width(width)))
}

/// The nearest pixel.
#[expect(
    clippy::cast_possible_truncation,
    reason = "a place within a chart of some hundred pixels"
)]
pub(super) fn pixel(place: f64) -> i32 {
    place.round() as i32
}
