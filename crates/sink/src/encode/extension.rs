//! Extension types: columns whose values mean more than their storage says.

use arrow_schema::{DataType, Field, extension::EXTENSION_TYPE_NAME_KEY};

/// The extension types of CloudQuery's plugins, and Arrow's canonical ones of the same meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Extension {
    /// The 16 bytes of a UUID.
    Uuid,
    /// JSON text.
    Json,
    /// An address or a network as text.
    Inet,
    /// The bytes of a hardware address.
    Mac,
}

impl Extension {
    /// The extension type of a field, where its storage is one that it can have.
    pub(super) fn of(field: &Field) -> Option<Self> {
        let extension = match field.metadata().get(EXTENSION_TYPE_NAME_KEY)?.as_str() {
            "uuid" | "arrow.uuid" => Self::Uuid,
            "json" | "arrow.json" => Self::Json,
            "inet" => Self::Inet,
            "mac" => Self::Mac,
            _ => return None,
        };
        extension.fits(field.data_type()).then_some(extension)
    }

    fn fits(self, storage: &DataType) -> bool {
        use DataType::{Binary, BinaryView, Dictionary, FixedSizeBinary, LargeBinary, RunEndEncoded};
        use DataType::{LargeUtf8, Utf8, Utf8View};
        match (self, storage) {
            (_, Dictionary(_, values)) => self.fits(values),
            (_, RunEndEncoded(_, values)) => self.fits(values.data_type()),
            (Self::Uuid, FixedSizeBinary(16)) => true,
            (Self::Json | Self::Inet | Self::Mac, Binary | LargeBinary | BinaryView) => true,
            (Self::Mac, FixedSizeBinary(_)) => true,
            (Self::Json, Utf8 | LargeUtf8 | Utf8View) => true,
            _ => false,
        }
    }
}
