//! Lines of text with what a screen needs to know of them: where the focus is, so that it stays in view, and the cursor.

use std::ops::Range;

use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
    style::Style,
    text::{Line, Span},
};

use super::{
    look::{Look, Mark, bold},
    text::{whole, width, wrapped},
};

/// Lines for an area of some width.
pub(crate) struct Sheet<'a> {
    pub(crate) look: &'a Look,
    /// The cells of a line.
    pub(crate) width: usize,
    pub(crate) lines: Vec<Line<'static>>,
    /// The lines that have to be in view.
    pub(crate) focus: Range<usize>,
    /// The line and the cell of the cursor.
    pub(crate) cursor: Option<(usize, usize)>,
}

impl<'a> Sheet<'a> {
    pub(crate) fn new(look: &'a Look, width: impl Into<usize>) -> Self {
        Self { look, width: width.into(), lines: Vec::new(), focus: 0..0, cursor: None }
    }

    pub(crate) fn len(&self) -> usize {
        self.lines.len()
    }

    /// A line as it is; what is beyond the width is not drawn.
    pub(crate) fn line(&mut self, line: impl Into<Line<'static>>) {
        self.lines.push(line.into());
    }

    pub(crate) fn blank(&mut self) {
        self.lines.push(Line::default());
    }

    /// What a part is about.
    pub(crate) fn heading(&mut self, text: &str) {
        self.styled(0, text, bold());
    }

    /// Words after an indentation.
    pub(crate) fn say(&mut self, indent: usize, text: &str) {
        self.styled(indent, text, Style::new());
    }

    pub(crate) fn styled(&mut self, indent: usize, text: &str, style: Style) {
        self.hanging(Span::raw(" ".repeat(indent)), text, style);
    }

    /// Words after a symbol.
    pub(crate) fn mark(&mut self, indent: usize, mark: Mark, text: &str) {
        let (symbol, style) = self.look.mark(mark);
        let lead = Line::from(vec![Span::raw(" ".repeat(indent)), Span::styled(symbol, style), Span::raw(" ")]);
        self.led(&lead, text, Style::new());
    }

    /// A label and words, the words in a column of their own.
    pub(crate) fn pair(&mut self, indent: usize, label: &str, cells: usize, text: &str) {
        let label = format!("{}{label:<cells$}", " ".repeat(indent));
        self.hanging(Span::raw(label), text, Style::new());
    }

    /// A text that is never cut, such as a URL: in as many lines as it needs.
    pub(crate) fn whole(&mut self, indent: usize, text: &str, style: Style) {
        for line in whole(text, self.width.saturating_sub(indent)) {
            self.line(Line::from(vec![Span::raw(" ".repeat(indent)), Span::styled(line, style)]));
        }
    }

    /// Words after something that only the first line has.
    pub(crate) fn hanging(&mut self, lead: Span<'static>, text: &str, style: Style) {
        self.led(&Line::from(lead), text, style);
    }

    pub(crate) fn led(&mut self, lead: &Line<'static>, text: &str, style: Style) {
        let indent: usize = lead.spans.iter().map(|span| width(&span.content)).sum();
        for (at, line) in wrapped(text, self.width.saturating_sub(indent)).into_iter().enumerate() {
            let mut spans = if at == 0 { lead.spans.clone() } else { vec![Span::raw(" ".repeat(indent))] };
            spans.push(Span::styled(line, style));
            self.line(Line::from(spans));
        }
    }

    /// Something on the left and something on the right of one line; without room for both, the left alone.
    pub(crate) fn apart(&mut self, left: &str, left_style: Style, right: &str, right_style: Style) {
        let gap = self.width.saturating_sub(width(left) + width(right));
        if gap == 0 || right.is_empty() {
            return self.styled(0, left, left_style);
        }
        self.line(Line::from(vec![
            Span::styled(left.to_owned(), left_style),
            Span::raw(" ".repeat(gap)),
            Span::styled(right.to_owned(), right_style),
        ]));
    }

    /// The first line that is drawn in so many rows.
    pub(crate) fn first(&self, height: usize) -> usize {
        let end = self.focus.end.max(self.cursor.map_or(0, |(line, _)| line + 1));
        if end < height { 0 } else { end.saturating_sub(height).min(self.lines.len().saturating_sub(height)) }
    }

    /// Draws what fits, with the focus in view. Where lines are left out, the right edge says so. Answers where the cursor came to be.
    pub(crate) fn draw(&self, buffer: &mut Buffer, area: Rect) -> Option<Position> {
        // What is above the focus is shown with it while there is room: a field's label, a heading.
        self.draw_from(buffer, area, self.first(usize::from(area.height)))
    }

    /// Draws what fits from a line on, and says nothing of what does not.
    pub(crate) fn draw_lines(&self, buffer: &mut Buffer, area: Rect, first: usize) {
        for (y, line) in area.intersection(buffer.area).rows().zip(self.lines.iter().skip(first)) {
            buffer.set_line(y.x, y.y, line, y.width);
        }
    }

    /// Draws what fits from a line on, or as far up as it takes to fill the area.
    pub(crate) fn draw_from(&self, buffer: &mut Buffer, area: Rect, first: usize) -> Option<Position> {
        let area = area.intersection(buffer.area);
        let height = usize::from(area.height);
        let first = first.min(self.lines.len().saturating_sub(height));
        self.draw_lines(buffer, area, first);
        left_out(buffer, area, self.look, first > 0, first + height < self.lines.len());
        let (line, cell) = self.cursor?;
        let down = u16::try_from(line.checked_sub(first)?).ok().filter(|down| *down < area.height)?;
        let along = u16::try_from(cell).ok().filter(|along| *along < area.width)?;
        Some(Position::new(area.x + along, area.y + down))
    }
}

/// Says beside the right edge of an area that something is left out above or below it.
pub(crate) fn left_out(buffer: &mut Buffer, area: Rect, look: &Look, above: bool, below: bool) {
    let area = area.intersection(buffer.area);
    if area.is_empty() || area.right() >= buffer.area.right() {
        return;
    }
    let above = above.then(|| (area.top(), look.glyph("↑", "^")));
    let below = below.then(|| (area.bottom() - 1, look.glyph("↓", "v")));
    for (y, glyph) in above.into_iter().chain(below) {
        // The column beside it is free, so that it is not taken for a part of the text.
        buffer.set_stringn(area.right(), y, glyph, 1, bold());
    }
}
