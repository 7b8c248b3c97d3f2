//! A body, from the connection into a verified temporary file.

use std::sync::Arc;

use bytes::Bytes;
use futures::StreamExt;
use http::HeaderMap;
use s3s::{S3Error, S3ErrorCode, S3Result, StdError, TrailingHeaders, dto::StreamingBlob};
use tokio::sync::mpsc;

use crate::{
    checksum::{Claims, Hasher, Sums},
    error::{self, bad},
    store::{Store, TempObject},
};

/// Pieces of a body (each at most the connection's read buffer) that wait for the disk.
const PIECES_IN_HAND: usize = 2;

/// Writes a body to a temporary file and verifies all that the request claims about it.
///
/// # Errors
/// When the body is not what was claimed or can't be written. Nothing is left of it then.
pub(crate) async fn receive(
    store: &Arc<Store>,
    body: Option<StreamingBlob>,
    headers: &HeaderMap,
    trailers: Option<&TrailingHeaders>,
) -> S3Result<(TempObject, Sums)> {
    let claims = Claims::of_request(headers)?;
    let (sender, receiver) = mpsc::channel(PIECES_IN_HAND);
    let (store, hasher) = (Arc::clone(store), claims.hasher());
    let writer = tokio::task::spawn_blocking(move || write(&store, receiver, hasher));
    if let Some(mut body) = body {
        let mut left = claims.length();
        while let Some(piece) = body.next().await {
            let piece = piece.map_err(broken)?;
            left = left.checked_sub(piece.len() as u64).ok_or_else(|| {
                bad(S3ErrorCode::IncompleteBody, "the body has more bytes than the request announced")
            })?;
            if sender.send(piece).await.is_err() {
                // The writer gave up; it tells why below.
                break;
            }
        }
    }
    drop(sender);
    let (object, sums) = writer.await.map_err(error::task)??;
    claims.verify(&sums, trailers)?;
    Ok((object, sums))
}

fn write(store: &Store, mut pieces: mpsc::Receiver<Bytes>, mut hasher: Hasher) -> S3Result<(TempObject, Sums)> {
    let mut object = store.create()?;
    while let Some(piece) = pieces.blocking_recv() {
        hasher.update(&piece);
        object.write(&piece)?;
    }
    Ok((object, hasher.finish()))
}

/// What a client is told when its body breaks off or does not match its signature.
fn broken(error: StdError) -> S3Error {
    // The error's type is private to s3s; its text is not.
    let text = error.to_string();
    let code = if text.ends_with(": SignatureMismatch") {
        S3ErrorCode::SignatureDoesNotMatch
    } else if text.ends_with(": Sha256Mismatch") {
        S3ErrorCode::Custom("XAmzContentSHA256Mismatch".into())
    } else {
        S3ErrorCode::IncompleteBody
    };
    let mut answer = bad(code, format!("the body can't be read: {text}"));
    if matches!(answer.code(), S3ErrorCode::Custom(_)) {
        answer.set_status_code(http::StatusCode::BAD_REQUEST);
    }
    answer.set_source(error);
    answer
}
