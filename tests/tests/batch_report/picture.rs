//! What a browser has drawn, as pixels.

use std::collections::BTreeMap;
use std::path::Path;

/// A place in a picture: left, top, width, height.
pub type Place = (f64, f64, f64, f64);

/// A picture as its pixels.
pub struct Picture {
    pub width: usize,
    pixels: Vec<u8>,
    samples: usize,
}

impl Picture {
    pub fn read(file: &Path) -> Self {
        let file = std::io::BufReader::new(std::fs::File::open(file).expect("a picture"));
        let mut reader = png::Decoder::new(file).read_info().expect("a PNG");
        let mut pixels = vec![0; reader.output_buffer_size().expect("a size")];
        let info = reader.next_frame(&mut pixels).expect("a whole PNG");
        Self {
            width: info.width as usize,
            pixels,
            samples: info.color_type.samples(),
        }
    }

    /// Which part of a place is not its background, and in how many colours.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "places and counts within a picture"
    )]
    pub fn ink(&self, (left, top, width, height): Place) -> (f64, usize) {
        let mut colours: BTreeMap<&[u8], usize> = BTreeMap::new();
        for y in top.ceil() as usize..(top + height).floor() as usize {
            for x in left.ceil() as usize..(left + width).floor() as usize {
                let at = (y * self.width + x) * self.samples;
                *colours
                    .entry(&self.pixels[at..at + self.samples])
                    .or_default() += 1;
            }
        }
        let all: usize = colours.values().sum();
        let background = colours.values().max().copied().unwrap_or_default();
        ((all - background) as f64 / all as f64, colours.len())
    }
}
