//! Where a screen draws: what is left of the frame, how much room that is, and where the cursor came to be.

use std::ops::Range;

use lakeward_wizard::SMALLEST;
use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
    style::Style,
};

use super::{
    look::Look,
    sheet::{Sheet, left_out},
    text,
};

/// How much room there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Room {
    /// Less than 60 by 16: only what can't wait.
    Tiny,
    /// One column, and no picture.
    Narrow,
    /// 80 by 24, what the screens are made for.
    Full,
    /// Half as much again: lists and explanations side by side with more of them.
    Wide,
}

impl Room {
    pub(crate) fn of(area: Rect) -> Self {
        match (area.width, area.height) {
            (110.., 34..) => Self::Wide,
            (80.., 24..) => Self::Full,
            (columns, rows) if columns >= SMALLEST.0 && rows >= SMALLEST.1 => Self::Narrow,
            _ => Self::Tiny,
        }
    }
}

/// What is left to draw on. Drawing at its top or bottom takes those rows away.
pub(crate) struct Ground<'a> {
    pub(crate) buffer: &'a mut Buffer,
    pub(crate) area: Rect,
    pub(crate) look: &'a Look,
    pub(crate) room: Room,
    pub(crate) cursor: Option<Position>,
    /// How many lines did not fit, where one can scroll.
    pub(crate) beyond: usize,
}

impl<'a> Ground<'a> {
    /// An empty sheet as wide as the ground.
    pub(crate) fn sheet(&self) -> Sheet<'a> {
        Sheet::new(self.look, self.area.width)
    }

    /// Fills what is left.
    pub(crate) fn fill(&mut self, sheet: &Sheet<'_>) {
        self.draw(sheet, self.area);
    }

    /// Fills what is left from a line on.
    pub(crate) fn fill_from(&mut self, sheet: &Sheet<'_>, first: usize) {
        sheet.draw_from(self.buffer, self.area, first);
    }

    /// Fills what is left with the rows in view of so many.
    pub(crate) fn fill_with_rows(&mut self, sheet: &Sheet<'_>, view: &Range<usize>, count: usize) {
        self.fill(sheet);
        left_out(self.buffer, self.area, self.look, view.start > 0, view.end < count);
    }

    /// Draws at the top.
    pub(crate) fn top(&mut self, sheet: &Sheet<'_>) {
        let rows = cells(sheet.len()).min(self.area.height);
        self.draw(sheet, Rect { height: rows, ..self.area });
        self.area = Rect { y: self.area.y + rows, height: self.area.height - rows, ..self.area };
    }

    /// Draws at the bottom, unless fewer than so many rows would be left.
    pub(crate) fn bottom(&mut self, sheet: &Sheet<'_>, left: u16) -> bool {
        let rows = cells(sheet.len());
        if self.area.height < rows.saturating_add(left) {
            return false;
        }
        self.area.height -= rows;
        self.draw(sheet, Rect { y: self.area.bottom(), height: rows, ..self.area });
        true
    }

    /// Draws at the bottom what can't be left out: its first lines, where not all of them leave so many rows.
    pub(crate) fn bottom_at_least(&mut self, sheet: &Sheet<'_>, left: u16) {
        let rows = cells(sheet.len()).min(self.area.height.saturating_sub(left));
        self.area.height -= rows;
        self.draw(sheet, Rect { y: self.area.bottom(), height: rows, ..self.area });
    }

    /// Leaves rows empty at the top.
    pub(crate) fn skip(&mut self, rows: u16) {
        let rows = rows.min(self.area.height);
        self.area = Rect { y: self.area.y + rows, height: self.area.height - rows, ..self.area };
    }

    fn draw(&mut self, sheet: &Sheet<'_>, area: Rect) {
        self.cursor = sheet.draw(self.buffer, area).or(self.cursor);
    }
}

/// Which of many rows are in view: the one with the focus in the middle, as far as the ends allow.
pub(crate) fn in_view(count: usize, focus: usize, height: usize) -> Range<usize> {
    let first = focus.saturating_sub(height / 2).min(count.saturating_sub(height));
    first..count.min(first + height)
}

/// A row in one style from edge to edge, with something on the left and something on the right. Without room for both, the left is
/// cut, for the right is short.
pub(crate) fn bar(buffer: &mut Buffer, area: Rect, look: &Look, left: &str, right: &str, style: Style) {
    let area = Rect { height: 1, ..area }.intersection(buffer.area);
    if area.is_empty() {
        return;
    }
    buffer.set_style(area, style);
    let inner = usize::from(area.width).saturating_sub(2);
    let right = text::cut(right, inner, look.ellipsis());
    let room = inner.saturating_sub(text::width(&right) + usize::from(!right.is_empty()) * 2);
    let left = text::cut(left, room, look.ellipsis());
    let gap = inner.saturating_sub(text::width(&left) + text::width(&right));
    buffer.set_stringn(area.x, area.y, format!(" {left}{}{right} ", " ".repeat(gap)), usize::from(area.width), style);
}

/// A number of cells, as far as terminals go.
pub(crate) fn cells(count: usize) -> u16 {
    u16::try_from(count).unwrap_or(u16::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_focus_is_in_view() {
        assert_eq!(in_view(100, 0, 10), 0..10);
        assert_eq!(in_view(100, 50, 10), 45..55);
        assert_eq!(in_view(100, 99, 10), 90..100);
        assert_eq!(in_view(3, 2, 10), 0..3);
        assert_eq!(in_view(3, 2, 0).len(), 0);
    }
}
