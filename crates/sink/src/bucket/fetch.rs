//! The one call that reads: GetObject, which no run makes. Only a CloudQuery host that asks a destination for its rows does.

use std::path::Path;

use aws_sdk_s3::{operation::get_object::GetObjectOutput, primitives::ByteStream};
use lakeward_core::{
    failure::{Failure, FailureKind, told},
    key::ObjectKey,
};
use tokio::{fs::File, io::AsyncWriteExt};

use super::Bucket;
use crate::refusal::Refusal;

/// The most characters of an error that are told.
const MOST_TOLD: usize = 400;

impl Bucket {
    /// Writes what an object holds into a file; `false` where there is no such object. It needs `s3:GetObject`.
    ///
    /// # Errors
    /// [`FailureKind::Denied`] when that is not allowed, [`FailureKind::Destination`] when the object does not come whole.
    pub async fn fetch(&self, key: &ObjectKey, into: &Path) -> Result<bool, Failure> {
        let Some(object) = self.get(key).await? else { return Ok(false) };
        copy(object.body, into).await.map_err(|cause| {
            let what = format!("object {key} in {} could not be read: {cause}", self.place());
            Failure::new(FailureKind::Destination, what).next("try again")
        })?;
        Ok(true)
    }

    async fn get(&self, key: &ObjectKey) -> Result<Option<GetObjectOutput>, Failure> {
        loop {
            let regional = self.regional().clone();
            let request = regional.client.get_object().bucket(&self.0.name).key(key.as_str());
            let owner = self.0.object.expected_bucket_owner.clone();
            let error = match request.set_expected_bucket_owner(owner).send().await {
                Ok(object) => return Ok(Some(object)),
                Err(error) => error,
            };
            let refusal = Refusal::of(&error);
            match &refusal {
                Some(refusal) if refusal.elsewhere() && self.learns_region(refusal, &regional.region) => continue,
                Some(refusal) if refusal.status == 404 && refusal.code != "NoSuchBucket" => {
                    return Ok(None);
                }
                _ => {}
            }
            let denied = refusal.as_ref().is_some_and(|refusal| refusal.status == 403);
            let kind = if denied { FailureKind::Denied } else { FailureKind::Destination };
            let cause = refusal.map_or_else(|| told(&error, MOST_TOLD), |refusal| refusal.to_string());
            let what = format!("object {key} could not be read from {}: {cause}", self.place());
            return Err(Failure::new(kind, what).next("to read rows back, the credentials need s3:GetObject there"));
        }
    }
}

async fn copy(mut body: ByteStream, into: &Path) -> Result<(), String> {
    let mut file = File::create(into).await.map_err(|error| error.to_string())?;
    while let Some(chunk) = body.try_next().await.map_err(|error| told(&error, MOST_TOLD))? {
        file.write_all(&chunk).await.map_err(|error| error.to_string())?;
    }
    file.flush().await.map_err(|error| error.to_string())
}
