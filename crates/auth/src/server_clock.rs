//! What the services' clocks say, beside what this machine's does: signatures and expiries need both to agree.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use aws_smithy_runtime_api::{
    box_error::BoxError,
    client::{
        interceptors::{Intercept, context::BeforeDeserializationInterceptorContextRef, dyn_dispatch_hint},
        runtime_components::RuntimeComponents,
    },
};
use aws_smithy_types::{DateTime, config_bag::ConfigBag, date_time::Format};

/// The time at one moment, by two clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clocks {
    /// By the server's, to the second.
    pub server: SystemTime,
    /// By this machine's.
    pub here: SystemTime,
}

impl Clocks {
    /// How far they are apart.
    #[must_use]
    pub fn apart(&self) -> Duration {
        let either = self.here.duration_since(self.server).or_else(|_| self.server.duration_since(self.here));
        either.unwrap_or_default()
    }
}

/// Sees the time that answers come with, in whatever way they answer.
#[derive(Clone, Debug, Default)]
pub struct ServerClock(Arc<Mutex<Option<Clocks>>>);

impl ServerClock {
    /// What the last answer said; nothing where none has come.
    #[must_use]
    pub fn seen(&self) -> Option<Clocks> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[dyn_dispatch_hint]
impl Intercept for ServerClock {
    fn name(&self) -> &'static str {
        "ServerClock"
    }

    fn read_before_deserialization(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let date = context.response().headers().get("date");
        let time = date.and_then(|date| DateTime::from_str(date, Format::HttpDate).ok());
        if let Some(server) = time.and_then(|time| time.try_into().ok()) {
            let clocks = Clocks { server, here: SystemTime::now() };
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(clocks);
        }
        Ok(())
    }
}
