//! The state as the plugin that its users write to and read from.

use std::{pin::Pin, sync::Arc};

use arrow_array::{
    Array, ArrayRef, RecordBatch, RecordBatchOptions, StringArray, UInt64Array, cast::AsArray, new_null_array,
    types::UInt64Type,
};
use arrow_cast::{CastOptions, cast_with_options};
use arrow_schema::{ArrowError, DataType, SchemaRef};
use bytes::Bytes;
use futures::{Stream, stream};
use tonic::{Request, Response, Status, Streaming};

use super::{Entry, LARGEST, SharedState};
use crate::{
    ipc,
    protocol::plugin::{
        close, get_name, get_spec_schema, get_tables, get_version, init, plugin_server::Plugin, read, sync,
        test_connection, transform, transform_schema, write,
    },
    tables,
};

/// The columns of a table of state.
const KEY: &str = "key";
const VALUE: &str = "value";
const VERSION: &str = "version";
/// The most bytes of a record that is read back: clients take 4 MiB unless told otherwise.
const RECORD_BYTES: usize = 1 << 20;

/// Serves a state to the plugin that keeps it.
#[derive(Debug)]
pub struct StateBackend(SharedState);

type Answers<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;
type Answer<T> = Result<Response<T>, Status>;

impl StateBackend {
    /// A backend of this state.
    #[must_use]
    pub fn new(state: SharedState) -> Self {
        Self(state)
    }

    fn put(&self, record: Bytes) -> Result<(), Status> {
        let invalid = |what: &str| Status::invalid_argument(format!("this is no state: {what}"));
        let (head, rest) = ipc::split(record).map_err(|error| invalid(&error.to_string()))?;
        let schema = ipc::schema(&head).map_err(|error| invalid(&error.to_string()))?;
        let table = tables::name(&schema).ok_or_else(|| invalid("its schema names no table"))?.to_owned();
        let batches = ipc::batches(rest, &schema).map_err(|error| invalid(&error.to_string()))?;
        let mut state = self.0.lock();
        for batch in batches {
            let texts = |name: &str| {
                let column = batch.column_by_name(name).ok_or_else(|| invalid(&format!("it has no column {name}")))?;
                cast(column, &DataType::Utf8).map_err(|error| invalid(&error.to_string()))
            };
            let (keys, values) = (texts(KEY)?, texts(VALUE)?);
            let versions = batch.column_by_name(VERSION).and_then(|column| cast(column, &DataType::UInt64).ok());
            let versions = versions.as_ref().map(|column| column.as_primitive::<UInt64Type>());
            let entries = state.0.entry(table.clone()).or_default();
            let (keys, values) = (keys.as_string::<i32>(), values.as_string::<i32>());
            for (row, (key, value)) in keys.iter().zip(values.iter()).enumerate() {
                let version = versions.filter(|versions| versions.is_valid(row)).map(|versions| versions.value(row));
                let entry = Entry { value: value.unwrap_or_default().to_owned(), version };
                entries.insert(key.unwrap_or_default().to_owned(), entry);
            }
        }
        if state.bytes() > LARGEST {
            return Err(Status::resource_exhausted(format!("a state has at most {LARGEST} bytes")));
        }
        Ok(())
    }

    /// What is there of a table, in records with the columns that are asked for.
    fn records(&self, table: Bytes) -> Result<Vec<Bytes>, Status> {
        let table = tables::table(table).map_err(|error| Status::invalid_argument(error.to_string()))?;
        let state = self.0.lock();
        let mut records = Vec::new();
        let (mut rows, mut bytes) = (Vec::new(), 0);
        for (key, entry) in state.0.get(table.name.as_str()).into_iter().flatten() {
            rows.push((key.as_str(), entry));
            bytes += key.len() + entry.value.len();
            if bytes >= RECORD_BYTES {
                records.push(record(&table.schema, &std::mem::take(&mut rows)));
                bytes = 0;
            }
        }
        if !rows.is_empty() {
            records.push(record(&table.schema, &rows));
        }
        records.into_iter().collect::<Result<_, _>>().map_err(|error| Status::internal(error.to_string()))
    }
}

fn record(schema: &SchemaRef, rows: &[(&str, &Entry)]) -> Result<Bytes, ArrowError> {
    let columns = schema.fields().iter().map(|field| {
        let column: ArrayRef = match field.name().as_str() {
            KEY => Arc::new(StringArray::from_iter_values(rows.iter().map(|(key, _)| key))),
            VALUE => Arc::new(StringArray::from_iter_values(rows.iter().map(|(_, entry)| &entry.value))),
            VERSION => {
                Arc::new(UInt64Array::from_iter_values(rows.iter().map(|(_, entry)| entry.version.unwrap_or(0))))
            }
            _ => return Ok(new_null_array(field.data_type(), rows.len())),
        };
        cast(&column, field.data_type())
    });
    let columns = columns.collect::<Result<_, _>>()?;
    let options = RecordBatchOptions::new().with_row_count(Some(rows.len()));
    tables::encoded(&RecordBatch::try_new_with_options(schema.clone(), columns, &options)?)
}

fn cast(column: &ArrayRef, to: &DataType) -> Result<ArrayRef, ArrowError> {
    cast_with_options(column, to, &CastOptions { safe: false, ..CastOptions::default() })
}

#[tonic::async_trait]
impl Plugin for StateBackend {
    type SyncStream = Answers<sync::Response>;
    type ReadStream = Answers<read::Response>;
    type TransformStream = Answers<transform::Response>;

    async fn get_name(&self, _: Request<get_name::Request>) -> Answer<get_name::Response> {
        Ok(Response::new(get_name::Response { name: "lakeward".to_owned() }))
    }

    async fn get_version(&self, _: Request<get_version::Request>) -> Answer<get_version::Response> {
        Ok(Response::new(get_version::Response { version: concat!("v", env!("CARGO_PKG_VERSION")).to_owned() }))
    }

    async fn get_spec_schema(&self, _: Request<get_spec_schema::Request>) -> Answer<get_spec_schema::Response> {
        Ok(Response::new(get_spec_schema::Response { json_schema: None }))
    }

    async fn init(&self, _: Request<init::Request>) -> Answer<init::Response> {
        Ok(Response::new(init::Response {}))
    }

    async fn write(&self, request: Request<Streaming<write::Request>>) -> Answer<write::Response> {
        let mut messages = request.into_inner();
        while let Some(write::Request { message }) = messages.message().await? {
            match message {
                Some(write::request::Message::Insert(write::Insert { record })) => self.put(record)?,
                // Every table of state has the same columns, so there is nothing to prepare.
                Some(write::request::Message::MigrateTable(_)) | None => {}
                Some(_) => return Err(Status::unimplemented("state is only added to")),
            }
        }
        Ok(Response::new(write::Response {}))
    }

    async fn read(&self, request: Request<read::Request>) -> Answer<Self::ReadStream> {
        let records = self.records(request.into_inner().table)?;
        let answers = records.into_iter().map(|record| Ok(read::Response { record }));
        Ok(Response::new(Box::pin(stream::iter(answers))))
    }

    async fn close(&self, _: Request<close::Request>) -> Answer<close::Response> {
        Ok(Response::new(close::Response {}))
    }

    async fn get_tables(&self, _: Request<get_tables::Request>) -> Answer<get_tables::Response> {
        Err(nothing_but_state())
    }

    async fn sync(&self, _: Request<sync::Request>) -> Answer<Self::SyncStream> {
        Err(nothing_but_state())
    }

    async fn test_connection(&self, _: Request<test_connection::Request>) -> Answer<test_connection::Response> {
        Err(nothing_but_state())
    }

    async fn transform(&self, _: Request<Streaming<transform::Request>>) -> Answer<Self::TransformStream> {
        Err(nothing_but_state())
    }

    async fn transform_schema(&self, _: Request<transform_schema::Request>) -> Answer<transform_schema::Response> {
        Err(nothing_but_state())
    }
}

fn nothing_but_state() -> Status {
    Status::unimplemented("state is written and read here, and nothing else")
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use arrow_array::{Int64Array, LargeStringArray};
    use arrow_schema::{Field, Schema};

    use super::*;
    use crate::state::State;

    fn schema(fields: Vec<Field>) -> SchemaRef {
        let metadata = HashMap::from([("cq:table_name".to_owned(), "cursors".to_owned())]);
        Arc::new(Schema::new_with_metadata(fields, metadata))
    }

    fn announced(schema: &SchemaRef) -> Bytes {
        tables::encoded(&RecordBatch::new_empty(schema.clone())).expect("encoded")
    }

    fn texts(batch: &RecordBatch) -> Vec<(String, String)> {
        let column = |index: usize| batch.column(index).as_string::<i32>().iter().map(|text| text.unwrap().to_owned());
        column(0).zip(column(1)).collect()
    }

    #[test]
    fn the_last_value_of_a_key_is_read_back_in_the_columns_that_are_asked_for() {
        let (shared, plain) = (
            SharedState::default(),
            schema(vec![Field::new(KEY, DataType::Utf8, true), Field::new(VALUE, DataType::Utf8, true)]),
        );
        let backend = StateBackend::new(shared.clone());
        assert_eq!(backend.records(announced(&plain)).expect("read"), Vec::<Bytes>::new());
        let versioned = schema(vec![
            Field::new(VERSION, DataType::Int64, true),
            Field::new(VALUE, DataType::LargeUtf8, true),
            Field::new(KEY, DataType::Utf8, false),
        ]);
        for version in [1_i64, 2] {
            let batch = RecordBatch::try_new(
                versioned.clone(),
                vec![
                    Arc::new(Int64Array::from(vec![version, version])),
                    Arc::new(LargeStringArray::from(vec![Some(format!("at {version}")), None])),
                    Arc::new(StringArray::from(vec!["a", "b"])),
                ],
            );
            backend.put(tables::encoded(&batch.expect("a batch")).expect("encoded")).expect("taken");
        }
        let saved = serde_json::to_value(shared.now()).expect("JSON");
        let (a, b) =
            (serde_json::json!({ "value": "at 2", "version": 2 }), serde_json::json!({ "value": "", "version": 2 }));
        assert_eq!(saved, serde_json::json!({ "cursors": { "a": a, "b": b } }));
        let again = StateBackend::new(SharedState::new(serde_json::from_value(saved).expect("a state")));
        let records = again.records(announced(&plain)).expect("read");
        assert_eq!(records.len(), 1);
        let (head, rest) = ipc::split(records[0].clone()).expect("a stream");
        let batches = ipc::batches(rest, &ipc::schema(&head).expect("a schema")).expect("batches");
        assert_eq!(texts(&batches[0]), [("a".into(), "at 2".into()), ("b".into(), String::new())]);
    }

    #[test]
    fn what_is_no_state_is_refused_and_much_is_read_back_in_several_records() {
        let backend = StateBackend::new(SharedState::default());
        assert!(backend.put(Bytes::from_static(b"nonsense")).is_err());
        assert!(backend.put(announced(&Arc::new(Schema::empty()))).is_err());
        let wide = schema(vec![Field::new(KEY, DataType::Utf8, true), Field::new(VALUE, DataType::Utf8, true)]);
        let keys = StringArray::from_iter_values((0..6).map(|key| key.to_string()));
        let values = StringArray::from_iter_values((0..6).map(|_| "x".repeat(RECORD_BYTES / 2)));
        let batch = RecordBatch::try_new(wide.clone(), vec![Arc::new(keys), Arc::new(values)]).expect("a batch");
        backend.put(tables::encoded(&batch).expect("encoded")).expect("taken");
        assert_eq!(backend.records(announced(&wide)).expect("read").len(), 3);
        assert_eq!(backend.0.now().0["cursors"].len(), 6);
        assert_ne!(backend.0.now(), State::default());
    }
}
