//! Tells a person whose machine has another time than AWS.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use super::person::Person;
use crate::server_clock::ServerClock;

/// How far apart the clocks may be: AWS refuses signatures beyond this.
const MOST_SKEW: Duration = Duration::from_mins(5);

/// Tells once when the time of an answer is far from this machine's.
#[derive(Clone, Debug, Default)]
pub(super) struct ServerTime {
    /// Sees the answers.
    pub(super) clock: ServerClock,
    told: Arc<AtomicBool>,
}

impl ServerTime {
    /// Tells the person, if the clocks are too far apart.
    pub(super) fn tell(&self, person: &Person) {
        let Some(clocks) = self.clock.seen().filter(|clocks| clocks.apart() > MOST_SKEW) else { return };
        let way = if clocks.here > clocks.server { "ahead of" } else { "behind" };
        if !self.told.swap(true, Ordering::Relaxed) {
            person.note(format!(
                "This machine's clock is {} minutes {way} AWS's: AWS will refuse what it signs. Set it, as with `timedatectl \
                 set-ntp true`.",
                // Answers tell their time to the second.
                (clocks.apart().as_secs() + 30) / 60
            ));
        }
    }
}
