//! From a spec of CloudQuery's S3 destination to the plans that a config means.

use std::{ops::Range, path::Path};

use super::{
    super::{
        DestinationSpec,
        cloudquery::{
            BATCH_SIZE, BATCH_SIZE_BYTES, BATCH_TIMEOUT, Credentials, MAX_BACKOFF, MAX_ROW_GROUP_LENGTH, PART_SIZE,
            Spec,
        },
        error::Finding,
        tables::{At, Auth, Compression, Destination, Duration, Format, ProfileAuth, RoleAuth, Size, Storage},
        values::{self, Wrong},
    },
    Reader,
};
use crate::key::{Template, Variable};

/// Reads a spec into plans.
pub(in super::super) fn lower_spec(spec: Spec) -> Result<DestinationSpec, Vec<Finding>> {
    let Spec { own, mut destination, mut s3, auth, span } = spec;
    let mut reader = Reader { folder: Path::new("/"), errors: Vec::new(), warnings: Vec::new() };
    // Buckets older than the rules have other names; an ARN is taken apart, and has to be whole.
    if destination.bucket.value.starts_with("arn:") {
        reader.check(&destination.bucket, |name| values::bucket(name));
    }
    if let Some(timeout) = &own.batch_timeout {
        reader.check(timeout, go_duration);
    }
    let has_file_size = destination.file_size.is_some();
    defaults(&mut destination, &span);
    reader.compression(&mut destination, own.format, &span);
    s3.use_path_style.get_or_insert(At { value: false, span: span.clone() });
    let auth = match (&own.local_profile, &own.credentials, auth) {
        (None, None, auth) => auth.map_or(Auth::Chain, |auth| auth.value),
        (Some(profile), None, None) => {
            Auth::Profile(ProfileAuth { profile: At { value: profile.value.clone(), span: profile.span.clone() } })
        }
        (None, Some(credentials), None) => credentials_auth(&credentials.value, &credentials.span),
        (Some(profile), Some(_), _) => {
            let hint = "take one of them out; `local_profile` is the older one";
            reader.wrong(profile, "`local_profile` does not go with `credentials`, which names a profile too", hint);
            Auth::Chain
        }
        (.., Some(auth)) => {
            let hint = "take one of them out: both choose the credentials";
            reader.wrong(&auth, "`auth` does not go with `local_profile` or `credentials`", hint);
            Auth::Chain
        }
    };
    let auth = reader.auth(&auth);
    let plan = reader.destination(&destination, &Storage::S3(Box::new(s3)));
    match (plan, auth) {
        (Some(mut destination), Some(auth)) if reader.errors.is_empty() => {
            if !has_file_size {
                destination.close.file_size = None;
            }
            Ok(DestinationSpec { destination, auth, test_write: own.test_write.unwrap_or(true) })
        }
        _ => Err(reader.errors),
    }
}

/// Fills in what the original does where a spec says nothing.
fn defaults(destination: &mut Destination, span: &Range<usize>) {
    fn at<T>(value: T, span: &Range<usize>) -> At<T> {
        At { value, span: span.clone() }
    }
    if !destination.no_rotate.unwrap_or(false) {
        destination.batch_size.get_or_insert(at(BATCH_SIZE, span));
        destination.batch_size_bytes.get_or_insert(at(Size::Bytes(BATCH_SIZE_BYTES), span));
        destination.batch_timeout.get_or_insert(at(Duration(BATCH_TIMEOUT.to_owned()), span));
        // Without any limit, and with one key a table, it is one object a table whatever it is called.
        if is_unlimited(destination) && has_one_key(&destination.path.value) {
            destination.no_rotate = Some(true);
        }
    }
    destination.part_size.get_or_insert(at(Size::Bytes(PART_SIZE), span));
    destination.max_backoff = destination.max_backoff.filter(|seconds| *seconds > 0).or(Some(MAX_BACKOFF));
    if matches!(destination.format, Some(Format::Parquet)) {
        let format = destination.format_spec.get_or_insert_default();
        format.max_row_group_length.get_or_insert(at(MAX_ROW_GROUP_LENGTH, span));
    }
}

fn is_unlimited(destination: &Destination) -> bool {
    let Destination { batch_size, batch_size_bytes, batch_timeout, file_size, .. } = destination;
    let timeout = batch_timeout.as_ref().and_then(|timeout| values::duration(&timeout.value).ok());
    batch_size.as_ref().is_some_and(|rows| rows.value == 0)
        && batch_size_bytes.as_ref().is_some_and(|bytes| matches!(bytes.value, Size::Bytes(0)))
        && timeout.is_some_and(|timeout| timeout.is_zero())
        && file_size.is_none()
}

fn has_one_key(path: &str) -> bool {
    let template = Template::parse(path).map(|path| path.with_table(true));
    template.is_ok_and(|path| !path.uses(Variable::Uuid))
}

impl Reader<'_> {
    /// What the original's codecs are where Lakeward's differ.
    fn compression(&mut self, destination: &mut Destination, format: Format, span: &Range<usize>) {
        match (format, &destination.compression) {
            (Format::Parquet, None) => {
                destination.compression = Some(At { value: Compression::Snappy, span: span.clone() });
            }
            (Format::Parquet, Some(codec)) if codec.value == Compression::Gzip => {
                let hint = "take it out, or choose zstd; Parquet compresses its own pages";
                let wrong = Wrong::new("gzip does not go with format parquet").hint(hint);
                let codec = At { value: (), span: codec.span.clone() };
                self.check(&codec, |()| Err(wrong));
            }
            _ => {}
        }
    }
}

fn credentials_auth(credentials: &Credentials, span: &Range<usize>) -> Auth {
    let profile = match &credentials.local_profile {
        Some(profile) => Auth::Profile(ProfileAuth { profile: At { value: profile.clone(), span: span.clone() } }),
        None => Auth::Chain,
    };
    let Some(role_arn) = credentials.role_arn.clone() else { return profile };
    let role = RoleAuth {
        role_arn,
        role_session_name: credentials.role_session_name.clone(),
        external_id: credentials.external_id.clone(),
        duration: None,
        mfa_serial: None,
    };
    Auth::Role(role, Box::new(profile))
}

/// Checks that a duration is written as Go writes one.
fn go_duration(text: &Duration) -> Result<(), Wrong> {
    const UNITS: [&str; 7] = ["h", "m", "s", "ms", "us", "µs", "ns"];
    let mut units = text.0.split(|c: char| c.is_ascii_digit() || c == '.').filter(|unit| !unit.is_empty());
    if text.0 == "0" || (units.clone().next().is_some() && units.all(|unit| UNITS.contains(&unit))) {
        return Ok(());
    }
    Err(Wrong::new("this is no duration as Go writes one").hint("write it as \"30s\" or \"1m30s\""))
}
