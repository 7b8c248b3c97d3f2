//! JSON: one array whose values are the records.

use serde::de::IgnoredAny;
use serde_json::Deserializer;

use super::{Block, Limits, Record, window::Window};
use crate::error::Error;

/// Cuts the values of an array.
///
/// `serde_json` finds where each value ends. When it can't, because the value is broken or too long, neither can anyone
/// tell where the next one begins: that ends the run, whatever `on_error` says.
pub(crate) struct ArrayCutter {
    window: Window,
    place: Place,
    longest: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// Before the opening bracket.
    Before,
    /// After the opening bracket.
    Opened,
    /// After a comma.
    Comma,
    /// After a value.
    Value,
    /// After the closing bracket.
    Closed,
}

impl ArrayCutter {
    pub(crate) fn new(window: Window, longest: usize) -> Self {
        Self { window, place: Place::Before, longest }
    }

    pub(crate) fn next(&mut self, limits: Limits) -> Result<Option<Block>, Error> {
        let (mut records, mut items) = (Vec::new(), 0);
        while !self.window.is_block(records.len(), items, limits) {
            let byte = self.window.skip(|byte| byte.is_ascii_whitespace())?;
            self.place = match (self.place, byte) {
                (Place::Closed | Place::Before, None) => break,
                (Place::Before, Some(b'[')) => self.pass(Place::Opened),
                (Place::Before, Some(_)) => {
                    return Err(self.fault("expected an array of objects, which begins with `[`"));
                }
                (Place::Opened | Place::Value, Some(b']')) => self.pass(Place::Closed),
                (Place::Value, Some(b',')) => self.pass(Place::Comma),
                (Place::Opened | Place::Comma, Some(_)) => {
                    let record = self.value()?;
                    items += limits.items_of(self.window.bytes.get(record.start..record.end).unwrap_or_default());
                    records.push(record);
                    Place::Value
                }
                (Place::Value, Some(_)) => return Err(self.fault("expected `,` or `]` after a value of the array")),
                (Place::Closed, Some(_)) => return Err(self.fault("there is more after the end of the array")),
                (_, None) => return Err(self.fault("the file ends inside the array: it is cut short")),
            };
        }
        if records.is_empty() {
            return Ok(None);
        }
        Ok(Some(Block { raw: self.window.take(), records, fields: None, items, misfits: Vec::new() }))
    }

    fn pass(&mut self, place: Place) -> Place {
        self.window.advance(1);
        place
    }

    /// Cuts the value that begins at the window's position.
    fn value(&mut self) -> Result<Record, Error> {
        loop {
            let rest = self.window.rest();
            let mut values = Deserializer::from_slice(rest).into_iter::<IgnoredAny>();
            let found = values.next();
            let end = values.byte_offset();
            let needs_more = match found {
                // A number could go on.
                Some(Ok(_)) => end == rest.len(),
                Some(Err(ref error)) => error.is_eof(),
                None => true,
            };
            let held = rest.len();
            if needs_more && held <= self.longest && self.window.fill(held)? {
                continue;
            }
            return match found {
                Some(Ok(_)) if end <= self.longest => {
                    let (start, line) = (self.window.position, self.window.line);
                    self.window.advance(end);
                    Ok(Record { start, end: start + end, line })
                }
                Some(Err(error)) if !error.is_eof() => Err(self.fault(&format!("broken JSON: {}", complaint(&error)))),
                _ if held > self.longest => {
                    Err(self.fault(&format!("the record is longer than max_record_bytes ({} bytes)", self.longest)))
                }
                _ => Err(self.fault("the file ends inside a value: it is cut short")),
            };
        }
    }

    fn fault(&self, cause: &str) -> Error {
        Error::Array { path: self.window.stream().name.clone(), line: self.window.line, cause: cause.to_owned() }
    }

    pub(crate) fn window(&self) -> &Window {
        &self.window
    }

    pub(crate) fn into_window(self) -> Window {
        self.window
    }
}

/// What `serde_json` complains of, with the place counted from the value's first byte.
fn complaint(error: &serde_json::Error) -> String {
    error.to_string().replace("at line ", "at the value's line ")
}
