//! QR codes for the camera of another device: black on white whatever the terminal's theme, two modules a cell.

use qrcode::{Color as Module, EcLevel, QrCode};
use ratatui::{
    buffer::Buffer,
    layout::Rect,
    style::{Color, Style},
};

/// The quiet zone around it, in modules. The standard asks for 4; cameras make do with 2, and 80 columns hold no more.
const MARGIN: usize = 2;

/// A QR code.
pub(crate) struct Qr {
    modules: Vec<Module>,
    side: usize,
}

impl Qr {
    /// Of a text, unless it is too long for one.
    pub(crate) fn new(text: &str) -> Option<Self> {
        let code = QrCode::with_error_correction_level(text, EcLevel::L).ok()?;
        Some(Self { side: code.width(), modules: code.into_colors() })
    }

    /// The columns and rows that it takes, with its quiet zone.
    pub(crate) fn size(&self) -> (u16, u16) {
        let side = self.side + 2 * MARGIN;
        let cells = |cells: usize| u16::try_from(cells).unwrap_or(u16::MAX);
        (cells(side), cells(side.div_ceil(2)))
    }

    /// Draws it in the upper left of an area, all of it or nothing. Black and white are given by number, for a theme may call
    /// anything "white"; both halves of a cell are coloured, so that no glyph has to be drawn to its edges. Without glyphs beyond
    /// ASCII there is none: half a cell can't be coloured.
    pub(crate) fn draw(&self, buffer: &mut Buffer, area: Rect) -> bool {
        let (columns, rows) = self.size();
        let area = area.intersection(buffer.area);
        if area.width < columns || area.height < rows {
            return false;
        }
        let colour = |dark| if dark { BLACK } else { WHITE };
        for y in 0..rows {
            for x in 0..columns {
                let (upper, lower) = (self.dark(x, 2 * y), self.dark(x, 2 * y + 1));
                if let Some(cell) = buffer.cell_mut((area.x + x, area.y + y)) {
                    cell.set_symbol("▀").set_style(Style::new().fg(colour(upper)).bg(colour(lower)));
                }
            }
        }
        true
    }

    /// Whether a module is dark, counted from the upper left of the quiet zone.
    fn dark(&self, x: u16, y: u16) -> bool {
        let inside = |at: u16| usize::from(at).checked_sub(MARGIN).filter(|at| *at < self.side);
        let (Some(x), Some(y)) = (inside(x), inside(y)) else { return false };
        self.modules.get(y * self.side + x) == Some(&Module::Dark)
    }
}

/// Of the 256 colours, those that themes leave alone.
const BLACK: Color = Color::Indexed(16);
const WHITE: Color = Color::Indexed(231);

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// What a camera sees of an area: the brightness of each half of a cell, blown up.
    pub(crate) fn read(buffer: &Buffer, area: Rect) -> Vec<String> {
        const SCALE: usize = 4;
        let (width, height) = (usize::from(area.width) * SCALE, usize::from(area.height) * 2 * SCALE);
        let at = |place: usize| u16::try_from(place / SCALE).unwrap();
        let mut image = rqrr::PreparedImage::prepare_from_greyscale(width, height, |x, y| {
            let cell = &buffer[(area.x + at(x), area.y + at(y) / 2)];
            let colour = if at(y) % 2 == 0 { cell.fg } else { cell.bg };
            if cell.symbol() == "▀" && colour == BLACK { 0 } else { 255 }
        });
        image.detect_grids().iter().filter_map(|grid| grid.decode().ok()).map(|(_, text)| text).collect()
    }

    #[test]
    fn a_camera_reads_the_text_again() {
        let url = "https://d-9067a1b2c3.awsapps.com/start/#/device?user_code=KQTM-VXRB";
        let code = Qr::new(url).unwrap();
        assert_eq!(code.size(), (37, 19), "what an 80 by 24 screen has room for");
        let mut buffer = Buffer::empty(Rect::new(0, 0, 40, 20));
        assert!(code.draw(&mut buffer, Rect::new(1, 1, 39, 19)));
        assert_eq!(read(&buffer, buffer.area), [url]);
        let mut small = Buffer::empty(Rect::new(0, 0, 36, 19));
        let area = small.area;
        assert!(!code.draw(&mut small, area), "half a code is none");
        assert_eq!(small, Buffer::empty(small.area));
    }
}
