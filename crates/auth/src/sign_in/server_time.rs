//! What the service's clock says, beside what this machine's does: signatures and expiries need both to agree.

use std::{
    fmt,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, SystemTime},
};

use aws_smithy_runtime_api::{
    box_error::BoxError,
    client::{
        interceptors::{Intercept, context::BeforeDeserializationInterceptorContextRef},
        runtime_components::RuntimeComponents,
    },
};
use aws_smithy_types::{DateTime, config_bag::ConfigBag, date_time::Format};

use super::person::Person;

/// How far apart the clocks may be: AWS refuses signatures beyond this.
const MOST_SKEW: Duration = Duration::from_mins(5);

/// Reads the time of every answer; tells once when it is far from this machine's.
#[derive(Clone)]
pub(super) struct ServerTime {
    clock: Arc<dyn Fn() -> SystemTime + Send + Sync>,
    off: Arc<Mutex<Option<Off>>>,
    told: Arc<AtomicBool>,
}

/// How far this machine's clock is off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Off {
    Ahead(Duration),
    Behind(Duration),
}

impl ServerTime {
    pub(super) fn new(clock: Arc<dyn Fn() -> SystemTime + Send + Sync>) -> Self {
        Self { clock, off: Arc::default(), told: Arc::default() }
    }

    /// Tells the person, if the clocks are too far apart.
    pub(super) fn tell(&self, person: &Person) {
        let off = self.off.lock().ok().and_then(|off| *off);
        let (by, way) = match off {
            Some(Off::Ahead(by)) if by > MOST_SKEW => (by, "ahead of"),
            Some(Off::Behind(by)) if by > MOST_SKEW => (by, "behind"),
            _ => return,
        };
        if !self.told.swap(true, Ordering::Relaxed) {
            person.note(format!(
                "This machine's clock is {} minutes {way} AWS's: AWS will refuse what it signs. Set it, as with `timedatectl \
                 set-ntp true`.",
                by.as_secs() / 60
            ));
        }
    }

    fn read(&self, date: &str) {
        let server = DateTime::from_str(date, Format::HttpDate).ok().and_then(|time| SystemTime::try_from(time).ok());
        let Some(server) = server else { return };
        let off = match (self.clock)().duration_since(server) {
            Ok(by) => Off::Ahead(by),
            Err(behind) => Off::Behind(behind.duration()),
        };
        if let Ok(mut last) = self.off.lock() {
            *last = Some(off);
        }
    }
}

impl Intercept for ServerTime {
    fn name(&self) -> &'static str {
        "ServerTime"
    }

    fn read_before_deserialization(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(date) = context.response().headers().get("date") {
            self.read(date);
        }
        Ok(())
    }
}

impl fmt::Debug for ServerTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerTime").field("off", &self.off).finish_non_exhaustive()
    }
}
