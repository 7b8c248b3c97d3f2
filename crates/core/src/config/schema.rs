//! The JSON Schema of a config, put together from its tables' types. The shape of a config is checked against this very
//! schema, so that an editor and Lakeward agree.

use schemars::{JsonSchema, SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value, json};

use super::tables::{
    CloudQuery, Command, Destination, Embedded, Files, ProfileAuth, Read, RoleAuth, S3, SsoAuth, Stdin, Top, Version,
};

/// One kind of a table whose `type`, `method` or `storage` says which kind it is.
struct Kind {
    name: &'static str,
    description: &'static str,
    parts: Vec<Value>,
}

/// The JSON Schema (draft 2020-12) of `lakeward.toml`.
#[must_use]
pub fn json_schema() -> Value {
    let mut generator =
        SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true).into_generator();
    let g = &mut generator;
    let auth = auth(g);
    let destination = kinds(
        "Where objects go and what they look like.",
        ("storage", Some("s3")),
        vec![
            Kind {
                name: "s3",
                description: "AWS, or a server that speaks its protocol.",
                parts: vec![part::<Destination>(g), part::<S3>(g)],
            },
            Kind {
                name: "embedded",
                description: "An S3 server inside the Lakeward process; objects are plain files.",
                parts: vec![part::<Destination>(g), part::<Embedded>(g)],
            },
        ],
    );
    let source = kinds(
        "Where rows come from.",
        ("type", None),
        vec![
            Kind {
                name: "files",
                description: "Files of this machine.",
                parts: vec![part::<Files>(g), part::<Read>(g)],
            },
            Kind {
                name: "stdin",
                description: "Standard input; one source can take it.",
                parts: vec![part::<Stdin>(g), part::<Read>(g)],
            },
            Kind {
                name: "command",
                description: "What a program writes to its standard output.",
                parts: vec![part::<Command>(g), part::<Read>(g)],
            },
            Kind {
                name: "cloudquery",
                description: "A source plugin of CloudQuery.",
                parts: vec![part::<CloudQuery>(g)],
            },
        ],
    );
    let tables = json!({
        "properties": {
            "auth": auth,
            "destination": destination,
            "source": { "description": "Where rows come from.", "type": "array", "items": source, "minItems": 1 },
        },
        "required": ["destination", "source"],
    });
    let mut root = Map::new();
    root.insert("$schema".into(), json!("https://json-schema.org/draft/2020-12/schema"));
    root.insert("title".into(), json!("lakeward.toml"));
    root.extend(object(vec![part::<Version>(g), part::<Top>(g), tables]));
    Value::Object(root)
}

/// `[auth]`. The source of a role comes in the same kinds, but is no role itself.
pub(super) fn auth(g: &mut SchemaGenerator) -> Value {
    let alone = |g: &mut SchemaGenerator| {
        let kind = |name, description, parts| Kind { name, description, parts };
        vec![
            kind("chain", "The AWS credential chain, in its order.", vec![]),
            kind("env", "AWS_ACCESS_KEY_ID and its kin in the environment, and no other credentials.", vec![]),
            kind(
                "profile",
                "One profile of the shared AWS files, and no other credentials.",
                vec![part::<ProfileAuth>(g)],
            ),
            kind("sso", "A role of IAM Identity Center, and no other credentials.", vec![part::<SsoAuth>(g)]),
            kind("compute", "The role of this machine: web identity, container or EC2 instance.", vec![]),
        ]
    };
    let method = ("method", Some("chain"));
    let source = kinds("The credentials that assume the role. Default: the chain.", method, alone(g));
    let mut all = alone(g);
    all.push(Kind {
        name: "role",
        description: "A role that is assumed with other credentials.",
        parts: vec![part::<RoleAuth>(g), json!({ "properties": { "source": source } })],
    });
    kinds("Which credentials are used.", method, all)
}

/// The schema of one struct, as far as TOML goes.
pub(super) fn part<T: JsonSchema>(generator: &mut SchemaGenerator) -> Value {
    let mut schema = T::json_schema(generator).to_value();
    tidy(&mut schema);
    schema
}

/// A table with the keys of all parts and no others.
pub(super) fn object(parts: Vec<Value>) -> Map<String, Value> {
    let (mut properties, mut required, mut ways) = (Map::new(), Vec::new(), None);
    for mut part in parts {
        ways = ways.or(part.get_mut("anyOf").map(Value::take));
        if let Some(Value::Object(more)) = part.get_mut("properties").map(Value::take) {
            properties.extend(more);
        }
        if let Some(Value::Array(more)) = part.get_mut("required").map(Value::take) {
            required.extend(more);
        }
    }
    // Validators refuse a schema in which a name stands there twice (JSON Schema validation, 6.5.3).
    let mut seen = std::collections::HashSet::new();
    required.retain(|name: &Value| seen.insert(name.clone()));
    let mut schema = Map::new();
    schema.insert("type".into(), json!("object"));
    schema.insert("properties".into(), Value::Object(properties));
    schema.insert("required".into(), Value::Array(required));
    schema.insert("additionalProperties".into(), json!(false));
    if let Some(ways) = ways {
        schema.insert("anyOf".into(), ways);
    }
    schema
}

/// A table that comes in kinds; `default` is the kind of a table that does not say.
fn kinds(description: &str, (tag, default): (&str, Option<&str>), kinds: Vec<Kind>) -> Value {
    let kinds: Vec<Value> = kinds
        .into_iter()
        .map(|kind| {
            let mut value = json!({ "description": kind.description, "const": kind.name });
            if let Some(default) = default {
                value["default"] = json!(default);
            }
            let required = if default == Some(kind.name) { json!([]) } else { json!([tag]) };
            let mut parts = vec![json!({ "properties": { tag: value }, "required": required })];
            parts.extend(kind.parts);
            let mut schema = Map::new();
            schema.insert("title".into(), json!(format!("{tag} = \"{}\"", kind.name)));
            schema.insert("description".into(), json!(kind.description));
            schema.extend(object(parts));
            Value::Object(schema)
        })
        .collect();
    json!({ "description": description, "oneOf": kinds })
}

/// Takes out what TOML has not (null) and what says nothing to a person (integer formats), joins the lines of a
/// description and puts it first, and closes inner tables.
fn tidy(schema: &mut Value) {
    match schema {
        Value::Array(items) => items.iter_mut().for_each(tidy),
        Value::Object(map) => {
            if let Some(Value::Array(options)) = map.get_mut("anyOf") {
                options.retain(|option| option["type"] != "null");
                if let [Value::Object(only)] = options.as_mut_slice() {
                    let only = std::mem::take(only);
                    map.remove("anyOf");
                    map.extend(only.into_iter().filter(|(key, _)| key != "description").collect::<Vec<_>>());
                }
            }
            if let Some(Value::Array(types)) = map.get_mut("type") {
                types.retain(|name| name != "null");
                if let [only] = types.as_mut_slice() {
                    let only = only.take();
                    map.insert("type".into(), only);
                }
            }
            if let Some(Value::Array(values)) = map.get_mut("enum") {
                values.retain(|value| !value.is_null());
            }
            if map.get("format").is_some_and(Value::is_string) {
                map.remove("format");
            }
            if let Some(Value::String(text)) = map.get("description") {
                let text = text.replace('\n', " ");
                let rest = std::mem::take(map);
                map.insert("description".into(), text.into());
                map.extend(rest.into_iter().filter(|(key, _)| key != "description"));
            }
            if map.contains_key("properties") {
                map.insert("additionalProperties".into(), json!(false));
            }
            map.values_mut().for_each(tidy);
        }
        _ => {}
    }
}
