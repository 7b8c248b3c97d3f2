//! References in the spec of a plugin: `${NAME}` stands for an environment variable, `${file:PATH}` for what a file holds, and
//! `$${` for `${` itself. The config holds them as they are; they are followed when the plugin is run.

use serde_json::Value;

use super::values::Wrong;
use crate::untrusted::excerpt;

/// What a reference names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reference {
    /// An environment variable.
    Variable(String),
    /// A file, by the path as it is written.
    File(String),
}

enum Piece<'a> {
    Text(&'a str),
    Reference(Reference),
}

/// The value with all references in its texts followed. Keys are left as they are.
///
/// # Errors
/// As `follow`.
pub fn expand<E>(value: &Value, follow: &mut impl FnMut(&Reference) -> Result<String, E>) -> Result<Value, E> {
    Ok(match value {
        Value::String(text) => {
            let mut expanded = String::new();
            // What is no reference was refused when the config was read.
            for piece in pieces(text).unwrap_or_else(|_| vec![Piece::Text(text)]) {
                match piece {
                    Piece::Text(text) => expanded.push_str(text),
                    Piece::Reference(reference) => expanded.push_str(&follow(&reference)?),
                }
            }
            Value::String(expanded)
        }
        Value::Array(items) => Value::Array(items.iter().map(|item| expand(item, follow)).collect::<Result<_, _>>()?),
        Value::Object(fields) => {
            let fields = fields.iter().map(|(key, value)| Ok((key.clone(), expand(value, follow)?)));
            Value::Object(fields.collect::<Result<_, _>>()?)
        }
        other => other.clone(),
    })
}

/// Whether a text refers to anything.
///
/// # Errors
/// When a reference is begun that is none.
pub(super) fn has_reference(text: &str) -> Result<bool, Wrong> {
    Ok(pieces(text)?.iter().any(|piece| matches!(piece, Piece::Reference(_))))
}

fn pieces(text: &str) -> Result<Vec<Piece<'_>>, Wrong> {
    let (mut pieces, mut rest) = (Vec::new(), text);
    while let Some((before, behind)) = rest.split_once("${") {
        if let Some(before) = before.strip_suffix('$') {
            pieces.extend([Piece::Text(before), Piece::Text("${")]);
            rest = behind;
            continue;
        }
        let Some((inner, after)) = behind.split_once('}') else {
            return Err(wrong("a reference that begins with ${ has no } at its end"));
        };
        pieces.extend([Piece::Text(before), Piece::Reference(reference(inner)?)]);
        rest = after;
    }
    pieces.push(Piece::Text(rest));
    Ok(pieces)
}

fn reference(inner: &str) -> Result<Reference, Wrong> {
    if let Some(path) = inner.strip_prefix("file:") {
        return if path.is_empty() || path.contains('\0') {
            Err(wrong("${file:…} names no file"))
        } else {
            Ok(Reference::File(path.to_owned()))
        };
    }
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if inner.starts_with(|c: char| c.is_ascii_digit()) || inner.is_empty() || !inner.chars().all(is_name) {
        return Err(wrong(&format!("${{{}}} names no environment variable", excerpt(inner, 40))));
    }
    Ok(Reference::Variable(inner.to_owned()))
}

fn wrong(what: &str) -> Wrong {
    Wrong::new(what).hint("write ${NAME} for a variable, ${file:PATH} for a file, and $${ for ${ itself")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(reference: &Reference) -> Result<String, String> {
        match reference {
            Reference::Variable(name) if name == "MISSING" => Err(name.clone()),
            Reference::Variable(name) => Ok(format!("<{name}>")),
            Reference::File(path) => Ok(format!("[{path}]")),
        }
    }

    #[test]
    fn references_are_followed_at_every_depth_and_what_they_yield_is_not_looked_at_again() {
        let spec = json!({ "a": "x${A_1}y${file:/run/s}z", "b": [{ "c": "$${A} $ {A}" }, 1, null], "${K}": true });
        let expanded = expand(&spec, &mut told);
        let expected = json!({ "a": "x<A_1>y[/run/s]z", "b": [{ "c": "${A} $ {A}" }, 1, null], "${K}": true });
        assert_eq!(expanded, Ok(expected));
        assert_eq!(expand(&json!("${A}"), &mut |_| Ok::<_, ()>("${B}".to_owned())), Ok(json!("${B}")));
        assert_eq!(expand(&json!(["${MISSING}"]), &mut told), Err("MISSING".to_owned()));
    }

    #[test]
    fn what_is_begun_and_no_reference_is_refused() {
        for bad in ["${", "a${B", "${}", "${A-B}", "${1A}", "${file:}", "${A:-x}"] {
            assert!(has_reference(bad).is_err(), "{bad}");
        }
        for (text, has) in [("", false), ("$A", false), ("a}", false), ("$${A}", false), ("${A}", true)] {
            assert_eq!(has_reference(text), Ok(has), "{text}");
        }
    }
}
