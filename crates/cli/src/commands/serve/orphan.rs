//! A plugin whose host is gone: nobody would ever connect to its socket again.

use std::time::Duration;

/// How often it is looked whether the host is still there.
const LOOK: Duration = Duration::from_secs(1);

/// Returns once the process that started this one is gone. Never, where the system does not tell.
pub(super) async fn orphaned() {
    #[cfg(unix)]
    {
        let parent = std::os::unix::process::parent_id();
        while std::os::unix::process::parent_id() == parent {
            tokio::time::sleep(LOOK).await;
        }
    }
    #[cfg(not(unix))]
    std::future::pending::<()>().await;
}
