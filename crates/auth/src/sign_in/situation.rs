//! Which flow fits where Lakeward runs: whether a browser that it opens is one that the person sees, and reaches it again.

use std::{env::consts::OS, fs, path::Path};

use super::person::Flow;
use crate::environment::Environment;

/// What there is to see of the machine beside the environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Machine {
    /// Whether this is a container.
    pub is_container: bool,
    /// Whether this is the Windows subsystem for Linux.
    pub is_wsl: bool,
    /// Whether windows need a display that the environment names.
    pub needs_display: bool,
}

impl Machine {
    /// This one.
    #[must_use]
    pub fn real() -> Self {
        let release = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default().to_ascii_lowercase();
        Self {
            is_container: ["/.dockerenv", "/run/.containerenv"].iter().any(|file| Path::new(file).exists()),
            is_wsl: release.contains("microsoft"),
            needs_display: !matches!(OS, "macos" | "windows"),
        }
    }
}

/// What fits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Situation {
    /// The flow.
    pub flow: Flow,
    /// Whether a browser can be opened here that the person sees.
    pub opens: bool,
    /// Why it is not the usual one, in words that follow "because".
    pub reason: Option<String>,
}

/// Variables by which something says that its user's screen is elsewhere, and what that something is.
const ELSEWHERE: [(&str, &str); 16] = [
    ("SSH_CONNECTION", "this is an SSH session"),
    ("SSH_CLIENT", "this is an SSH session"),
    ("SSH_TTY", "this is an SSH session"),
    ("KUBERNETES_SERVICE_HOST", "this is a pod"),
    ("ECS_CONTAINER_METADATA_URI_V4", "this is a container of ECS"),
    ("CODESPACES", "this is a codespace"),
    ("REMOTE_CONTAINERS", "this is a development container"),
    ("GITPOD_WORKSPACE_ID", "this is a Gitpod workspace"),
    ("AWS_CLOUDSHELL", "this is a cloud shell"),
    ("CLOUD_SHELL", "this is a cloud shell"),
    ("C9_PID", "this is a Cloud9 environment"),
    ("JPY_PARENT_PID", "this is a notebook"),
    ("container", "this is a container"),
    ("CI", "this is a CI job"),
    ("TF_BUILD", "this is a CI job"),
    ("JENKINS_URL", "this is a CI job"),
];

/// The flow that fits: a browser here where there is one, else a code.
#[must_use]
pub fn situation(environment: &Environment, machine: Machine) -> Situation {
    let code = |reason: String, opens| Situation { flow: Flow::Device, opens, reason: Some(reason) };
    let is_no = |value: &str| matches!(value.to_ascii_lowercase().as_str(), "false" | "0" | "no");
    let elsewhere = ELSEWHERE.iter().find(|(name, _)| environment.get(name).is_some_and(|value| !is_no(value)));
    // Visual Studio Code gives its remote terminals a BROWSER that opens pages on the person's own machine.
    let is_led_home = ["VSCODE_IPC_HOOK_CLI", "BROWSER"].iter().all(|name| environment.get(name).is_some());
    if let Some((name, what)) = elsewhere {
        return code(format!("{what} ({name} is set)"), is_led_home);
    }
    if machine.is_container {
        return code("this is a container".to_owned(), is_led_home);
    }
    if machine.is_wsl || environment.get("WSL_DISTRO_NAME").is_some() {
        // Whether it does depends on how WSL's network is set up.
        return code("a browser of Windows may not come back to a port of WSL".to_owned(), true);
    }
    let has_display = ["DISPLAY", "WAYLAND_DISPLAY"].iter().any(|name| environment.get(name).is_some());
    if machine.needs_display && !has_display {
        return code("there is no display here (neither DISPLAY nor WAYLAND_DISPLAY is set)".to_owned(), false);
    }
    Situation { flow: Flow::Browser, opens: true, reason: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_is_opened_only_where_the_person_sees_it() {
        let desk = Machine { is_container: false, is_wsl: false, needs_display: true };
        let on = |variables: &[(&str, &str)], machine| {
            let Situation { flow, opens, reason } =
                situation(&Environment::new(variables.iter().copied(), None), machine);
            (flow, opens, reason.unwrap_or_default())
        };
        let (display, ssh) = (("DISPLAY", ":0"), ("SSH_CONNECTION", "1 2 3 4"));
        assert_eq!(on(&[display], desk), (Flow::Browser, true, String::new()));
        assert_eq!(on(&[("WAYLAND_DISPLAY", "w"), ("CI", "false")], desk).0, Flow::Browser);
        assert_eq!(on(&[], Machine { needs_display: false, ..desk }).0, Flow::Browser);
        for (variables, machine, opens, because) in [
            (&[display, ssh][..], desk, false, "an SSH session (SSH_CONNECTION is set)"),
            (&[ssh, ("BROWSER", "b")], desk, false, "an SSH session"),
            (&[ssh, ("BROWSER", "b"), ("VSCODE_IPC_HOOK_CLI", "v")], desk, true, "an SSH session"),
            (&[display, ("CI", "true")], desk, false, "a CI job"),
            (&[display], Machine { is_container: true, ..desk }, false, "this is a container"),
            (&[display], Machine { is_wsl: true, ..desk }, true, "WSL"),
            (&[], desk, false, "no display"),
        ] {
            let (flow, opened, reason) = on(variables, machine);
            assert_eq!((flow, opened), (Flow::Device, opens), "{variables:?}");
            assert!(reason.contains(because), "{reason}");
        }
    }
}
