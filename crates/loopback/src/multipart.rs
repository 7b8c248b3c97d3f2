//! Multipart uploads: parts are temporary files of this process, joined into one object at the end.
//!
//! Uploads live as long as the process. A part may be sent again (the last one counts), and so may a completion that
//! succeeded: the answer to the first one may have been lost. A completion that is refused leaves the upload as it was.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crc_fast::{CrcAlgorithm, checksum_combine};
use s3s::{
    S3Error, S3ErrorCode, S3Request, S3Result,
    dto::{
        AbortMultipartUploadInput, ChecksumType, CompleteMultipartUploadInput, CompleteMultipartUploadOutput,
        CompletedPart, CreateMultipartUploadInput, CreateMultipartUploadOutput, UploadPartInput, UploadPartOutput,
    },
};
use tokio::sync::Mutex as AsyncMutex;
use uuid::Uuid;

use crate::{
    checksum::{Sums, base64, e_tag},
    error::{self, bad},
    receive::receive,
    store::{Existing, Store, TempPart},
};

/// The smallest part but for an object's last one, and the most parts: as on AWS (its page "Amazon S3 multipart upload
/// limits").
const MIN_PART: u64 = 5 * 1024 * 1024;
const MAX_PARTS: i32 = 10_000;

/// So many completed uploads are remembered, to answer a completion that is sent again.
const REMEMBERED: usize = 1000;

/// The uploads of this process.
pub(crate) struct Uploads {
    store: Arc<Store>,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    by_id: HashMap<String, Upload>,
    /// The completed ones, the oldest first.
    completed: VecDeque<String>,
}

#[derive(Clone)]
struct Upload {
    key: Arc<str>,
    state: Arc<AsyncMutex<State>>,
}

enum State {
    Open(BTreeMap<i32, Part>),
    Completed(Completed),
    Aborted,
}

struct Part {
    file: TempPart,
    sums: Sums,
}

#[derive(Clone, Copy)]
struct Completed {
    crc64: u64,
    length: u64,
}

impl Uploads {
    pub(crate) fn new(store: Arc<Store>) -> Self {
        Self { store, known: Mutex::default() }
    }

    pub(crate) fn create(&self, input: CreateMultipartUploadInput) -> CreateMultipartUploadOutput {
        let id = Uuid::new_v4().simple().to_string();
        let state = Arc::new(AsyncMutex::new(State::Open(BTreeMap::new())));
        self.known().by_id.insert(id.clone(), Upload { key: input.key.as_str().into(), state });
        CreateMultipartUploadOutput {
            bucket: Some(input.bucket),
            checksum_algorithm: input.checksum_algorithm,
            key: Some(input.key),
            upload_id: Some(id),
            ..CreateMultipartUploadOutput::default()
        }
    }

    pub(crate) async fn put_part(&self, request: S3Request<UploadPartInput>) -> S3Result<UploadPartOutput> {
        let UploadPartInput { key, upload_id, part_number, body, .. } = request.input;
        if !(1..=MAX_PARTS).contains(&part_number) {
            return Err(bad(S3ErrorCode::InvalidArgument, "a part's number is from 1 to 10,000"));
        }
        let upload = self.find(&upload_id, &key)?;
        let (object, sums) = receive(&self.store, body, &request.headers, request.trailing_headers.as_ref()).await?;
        let State::Open(parts) = &mut *upload.state.lock().await else { return Err(no_such_upload()) };
        parts.insert(part_number, Part { file: object.into_part(), sums: sums.clone() });
        let e_tag = Some(sums.e_tag());
        Ok(UploadPartOutput {
            checksum_crc32: sums.checksums.checksum_crc32,
            checksum_crc32c: sums.checksums.checksum_crc32c,
            checksum_crc64nvme: sums.checksums.checksum_crc64nvme,
            checksum_sha1: sums.checksums.checksum_sha1,
            checksum_sha256: sums.checksums.checksum_sha256,
            e_tag,
            ..UploadPartOutput::default()
        })
    }

    pub(crate) async fn complete(
        &self,
        input: CompleteMultipartUploadInput,
        existing: Existing,
    ) -> S3Result<CompleteMultipartUploadOutput> {
        let upload = self.find(&input.upload_id, &input.key)?;
        let mut state = Arc::clone(&upload.state).lock_owned().await;
        let completed = match &*state {
            State::Aborted => return Err(no_such_upload()),
            State::Completed(completed) => *completed,
            State::Open(_) => {
                let store = Arc::clone(&self.store);
                // It goes on to its end even if the client goes away: the lock goes with it.
                let joined = tokio::task::spawn_blocking(move || {
                    let State::Open(parts) = &*state else { return Err(no_such_upload()) };
                    let completed = join(&store, parts, &input, existing)?;
                    *state = State::Completed(completed);
                    Ok((completed, input))
                });
                let (completed, input) = joined.await.map_err(error::task)??;
                self.remember(input.upload_id.clone());
                return Ok(completed.answer(input));
            }
        };
        Ok(completed.answer(input))
    }

    pub(crate) async fn abort(&self, input: &AbortMultipartUploadInput) -> S3Result<()> {
        let upload = self.find(&input.upload_id, &input.key)?;
        let mut state = upload.state.lock().await;
        let State::Open(parts) = &mut *state else { return Err(no_such_upload()) };
        let parts = std::mem::take(parts);
        *state = State::Aborted;
        self.known().by_id.remove(&input.upload_id);
        // Removing up to 10,000 files takes its time.
        tokio::task::spawn_blocking(move || drop(parts)).await.map_err(error::task)
    }

    fn find(&self, id: &str, key: &str) -> S3Result<Upload> {
        let upload = self.known().by_id.get(id).cloned();
        upload.filter(|upload| *upload.key == *key).ok_or_else(no_such_upload)
    }

    fn remember(&self, id: String) {
        let mut known = self.known();
        known.completed.push_back(id);
        if known.completed.len() > REMEMBERED
            && let Some(oldest) = known.completed.pop_front()
        {
            known.by_id.remove(&oldest);
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        // Every change is one insertion or removal: a panic elsewhere can't leave it broken.
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Completed {
    fn answer(self, input: CompleteMultipartUploadInput) -> CompleteMultipartUploadOutput {
        CompleteMultipartUploadOutput {
            location: Some(format!("/{}/{}", input.bucket, input.key)),
            bucket: Some(input.bucket),
            key: Some(input.key),
            e_tag: Some(e_tag(self.crc64, self.length)),
            checksum_crc64nvme: Some(base64(&self.crc64.to_be_bytes())),
            checksum_type: Some(ChecksumType::from_static(ChecksumType::FULL_OBJECT)),
            ..CompleteMultipartUploadOutput::default()
        }
    }
}

fn no_such_upload() -> S3Error {
    bad(S3ErrorCode::NoSuchUpload, "there is no open upload of this id for this key in this process")
}

/// Joins the parts that a completion names into the object. They were hashed as they came; here they are only copied.
fn join(
    store: &Store,
    parts: &BTreeMap<i32, Part>,
    input: &CompleteMultipartUploadInput,
    existing: Existing,
) -> S3Result<Completed> {
    let named = input.multipart_upload.as_ref().and_then(|upload| upload.parts.as_deref()).unwrap_or_default();
    let chosen = choose(parts, named)?;
    let (crc64, length) = chosen.iter().fold((0, 0), |(crc64, length), part| {
        (checksum_combine(CrcAlgorithm::Crc64Nvme, crc64, part.sums.crc64, part.sums.length), length + part.sums.length)
    });
    verify_whole(input, crc64, length)?;
    let mut object = store.create()?;
    for part in chosen {
        object.append(&part.file)?;
    }
    store.publish(object, &input.key, existing)?;
    Ok(Completed { crc64, length })
}

/// The parts that a completion names, in its order, each as it was answered for.
fn choose<'a>(parts: &'a BTreeMap<i32, Part>, named: &[CompletedPart]) -> S3Result<Vec<&'a Part>> {
    if named.is_empty() {
        return Err(bad(S3ErrorCode::MalformedXML, "the completion names no part"));
    }
    let number_of = |name: &CompletedPart| name.part_number.unwrap_or_default();
    if !named.is_sorted_by(|one, next| number_of(one) < number_of(next)) {
        return Err(bad(S3ErrorCode::InvalidPartOrder, "the parts are not named in ascending order"));
    }
    let mut chosen = Vec::with_capacity(named.len());
    for (at, name) in named.iter().enumerate() {
        let number = number_of(name);
        let part = parts.get(&number).filter(|part| is_named(part, name));
        let Some(part) = part else {
            let message = format!("part {number} was not uploaded with this entity tag and these checksums");
            return Err(bad(S3ErrorCode::InvalidPart, message));
        };
        if at + 1 < named.len() && part.sums.length < MIN_PART {
            let message = format!("part {number} is smaller than 5 MiB and not the last one");
            return Err(bad(S3ErrorCode::EntityTooSmall, message));
        }
        chosen.push(part);
    }
    Ok(chosen)
}

fn is_named(part: &Part, name: &CompletedPart) -> bool {
    let sums = &part.sums.checksums;
    let checksums = [
        (&name.checksum_crc32, &sums.checksum_crc32),
        (&name.checksum_crc32c, &sums.checksum_crc32c),
        (&name.checksum_crc64nvme, &sums.checksum_crc64nvme),
        (&name.checksum_sha1, &sums.checksum_sha1),
        (&name.checksum_sha256, &sums.checksum_sha256),
    ];
    name.e_tag.as_ref() == Some(&part.sums.e_tag())
        && checksums.iter().all(|(claimed, found)| claimed.is_none() || claimed == found)
}

/// Compares what a completion claims about the whole object.
fn verify_whole(input: &CompleteMultipartUploadInput, crc64: u64, length: u64) -> S3Result<()> {
    let others = [&input.checksum_crc32, &input.checksum_crc32c, &input.checksum_sha1, &input.checksum_sha256];
    if others.iter().any(|claimed| claimed.is_some()) {
        let message = "of whole objects made of parts, the embedded S3 can verify CRC-64/NVME only";
        return Err(bad(S3ErrorCode::NotImplemented, message));
    }
    if input.checksum_crc64nvme.as_ref().is_some_and(|claimed| *claimed != base64(&crc64.to_be_bytes())) {
        return Err(bad(S3ErrorCode::BadDigest, "the object's CRC-64/NVME is not the one of the request"));
    }
    if input.mpu_object_size.is_some_and(|claimed| u64::try_from(claimed) != Ok(length)) {
        let message = format!("the parts have {length} bytes together and not as many as the request says");
        return Err(bad(S3ErrorCode::InvalidRequest, message));
    }
    Ok(())
}
