//! S3 servers of others, as processes of their own: SeaweedFS and moto, from the environment that `cargo xtask test`
//! prepares.

use std::{
    fs::{self, File},
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    path::PathBuf,
    process::{Child, Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use tempfile::TempDir;

use crate::python;

/// How long a server may take to come up: SeaweedFS starts five servers in one process.
const READY: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(50);

/// The bucket that every server has.
pub const BUCKET: &str = "test";

/// A role of SeaweedFS that everybody may assume, at its own STS: its sessions may call `s3:PutObject` for keys of the bucket
/// that begin with `raw/`, and nothing else.
pub const ROLE: &str = "arn:aws:iam::000000000000:role/lake";

/// A running server with the bucket [`BUCKET`]. It is killed when this is dropped, and all it stored goes with it.
#[derive(Debug)]
pub struct S3Server {
    child: Child,
    address: SocketAddr,
    folder: TempDir,
    keys: Keys,
}

/// Who may do what.
#[derive(Clone, Copy, Debug)]
pub struct Keys {
    /// May write objects of the bucket and, where the server can hold it, nothing else.
    pub writer: (&'static str, &'static str),
    /// May do everything.
    pub owner: (&'static str, &'static str),
}

const KEYS: Keys = Keys {
    writer: ("AKIDWRITEREXAMPLE", "wJalrXUtnFEMIwriterEXAMPLEKEY"),
    owner: ("AKIDOWNEREXAMPLE", "wJalrXUtnFEMIownerEXAMPLEKEY"),
};

impl S3Server {
    /// SeaweedFS, with an STS at the same endpoint. A key's right to write objects includes deleting them, and there is none
    /// that is smaller; the sessions of [`ROLE`] have a real policy. It verifies signatures, and the tokens of sessions.
    #[track_caller]
    #[must_use]
    pub fn seaweedfs() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let identity = |name: &str, (key, secret): (&str, &str), actions: &[&str]| serde_json::json!({ "name": name, "credentials": [{ "accessKey": key, "secretKey": secret }], "actions": actions });
        let config = serde_json::json!({ "identities": [
            identity("writer", KEYS.writer, &[&format!("Write:{BUCKET}")]),
            identity("owner", KEYS.owner, &["Admin", "Read", "Write", "List", "Tagging"]),
        ]});
        let config_file = folder.path().join("s3.json");
        fs::write(&config_file, config.to_string()).expect("the temporary folder can be written");
        let roles_file = folder.path().join("iam.json");
        fs::write(&roles_file, seaweedfs_roles().to_string()).expect("the temporary folder can be written");
        fs::create_dir(folder.path().join("data")).expect("the temporary folder can be written");
        let ports = free_ports();
        let mut command = Command::new(tool("weed"));
        command.args(["mini", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-webdav=false", "-admin.ui=false"]);
        command.args(["-s3.port.iceberg=0", "-s3.port.lance=0", &format!("-bucket={BUCKET}")]);
        command.arg(format!("-dir={}", folder.path().join("data").display()));
        command.arg(format!("-s3.config={}", config_file.display()));
        command.arg(format!("-s3.iam.config={}", roles_file.display()));
        for (name, port) in SEAWEEDFS_PORTS.iter().zip(ports) {
            command.arg(format!("-{name}={}", port.port()));
        }
        let server = Self::start(command, ports[0], folder);
        // The bucket is made a moment after the port is open; it is a folder of the filer, which asks nobody for keys.
        let filer = ports[6];
        let look = format!("GET /buckets/{BUCKET}/?limit=1 HTTP/1.1\r\nAccept: application/json\r\n");
        server.wait_for("the bucket", || request(filer, &look) == Some(200));
        server
    }

    /// moto. It checks no signature, so any keys do.
    #[track_caller]
    #[must_use]
    pub fn moto() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let [address, ..] = free_ports();
        let mut command = Command::new(python::interpreter());
        command.args(["-I", "-m", "moto.server", "-H", "127.0.0.1", "-p", &address.port().to_string()]);
        let server = Self::start(command, address, folder);
        let made = request(address, &format!("PUT /{BUCKET} HTTP/1.1\r\nAuthorization: {US_EAST_1}\r\n"));
        assert_eq!(made, Some(200), "moto made no bucket:\n{}", server.log());
        server
    }

    #[track_caller]
    fn start(mut command: Command, address: SocketAddr, folder: TempDir) -> Self {
        let log = File::create(folder.path().join("log")).expect("the temporary folder can be written");
        command.env_clear().env("HOME", folder.path()).env("TMPDIR", folder.path()).current_dir(folder.path());
        if let Some(path) = std::env::var_os("PATH") {
            command.env("PATH", path);
        }
        let errors = log.try_clone().expect("a file can be opened twice");
        command.stdin(Stdio::null()).stdout(log).stderr(errors);
        let child = match command.spawn() {
            Ok(child) => child,
            Err(error) => panic!("{} did not start: {error}", command.get_program().display()),
        };
        let server = Self { child, address, folder, keys: KEYS };
        server.wait_for("an answer", || request(address, "GET / HTTP/1.1\r\n").is_some());
        server
    }

    /// Its URL.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Its address.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Its keys.
    #[must_use]
    pub fn keys(&self) -> Keys {
        self.keys
    }

    /// What it has printed.
    #[must_use]
    pub fn log(&self) -> String {
        let log = fs::read(self.folder.path().join("log")).unwrap_or_default();
        String::from_utf8_lossy(&log).into_owned()
    }

    #[track_caller]
    fn wait_for(&self, what: &str, is_there: impl Fn() -> bool) {
        let started = Instant::now();
        while !is_there() {
            assert!(started.elapsed() < READY, "the server at {} never had {what}:\n{}", self.address, self.log());
            sleep(POLL);
        }
    }
}

impl Drop for S3Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Sends a request without a body; the status of the answer, if there is one.
fn request(address: SocketAddr, head: &str) -> Option<u16> {
    let mut stream = TcpStream::connect(address).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(10))).ok()?;
    let rest = format!("Host: {address}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    stream.write_all(format!("{head}{rest}").as_bytes()).ok()?;
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).ok()?;
    std::str::from_utf8(&answer).ok()?.strip_prefix("HTTP/1.1 ")?.parse().ok()
}

/// [`ROLE`] and its policy.
fn seaweedfs_roles() -> serde_json::Value {
    let document =
        |statement: serde_json::Value| serde_json::json!({ "Version": "2012-10-17", "Statement": [statement] });
    let trust =
        document(serde_json::json!({ "Effect": "Allow", "Principal": { "AWS": "*" }, "Action": ["sts:AssumeRole"] }));
    let resource = format!("arn:aws:s3:::{BUCKET}/raw/*");
    let policy = document(serde_json::json!({ "Effect": "Allow", "Action": ["s3:PutObject"], "Resource": [resource] }));
    serde_json::json!({
        "sts": {
            "tokenDuration": "1h",
            "maxSessionLength": "12h",
            "issuer": "lakeward-testkit",
            "signingKey": "bGFrZXdhcmQgdGVzdGtpdCBzaWduaW5nIGtleSAwMDE=",
        },
        "policy": { "defaultEffect": "Deny", "storeType": "memory" },
        "roles": [{ "roleName": "lake", "roleArn": ROLE, "trustPolicy": trust, "attachedPolicies": ["write"] }],
        "policies": [{ "name": "write", "document": policy }],
    })
}

/// Tells moto the region, where a bucket needs no location.
const US_EAST_1: &str =
    "AWS4-HMAC-SHA256 Credential=AKIDOWNEREXAMPLE/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0";

/// What SeaweedFS listens on; every one is given, or two servers at once would meet at its own choices.
const SEAWEEDFS_PORTS: [&str; 10] = [
    "s3.port",
    "s3.port.grpc",
    "master.port",
    "master.port.grpc",
    "volume.port",
    "volume.port.grpc",
    "filer.port",
    "filer.port.grpc",
    "admin.port",
    "admin.port.grpc",
];

/// Addresses of this machine on which nothing listens.
fn free_ports() -> [SocketAddr; 10] {
    // All are held until the last is found, so that no two are the same.
    let listeners = [(); 10].map(|()| TcpListener::bind(("127.0.0.1", 0)).expect("a port is free"));
    listeners.map(|listener| listener.local_addr().expect("a listener has an address"))
}

/// A program of the Python environment.
#[track_caller]
#[must_use]
pub fn tool(name: &str) -> PathBuf {
    let tool = python::interpreter().with_file_name(name);
    assert!(tool.is_file(), "{} is not there: run cargo xtask test, which installs it", tool.display());
    tool
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moto_and_seaweedfs_take_an_object_at_once() {
        let script = "import boto3, sys
endpoint, bucket, key, secret = sys.argv[1:]
boto3.client('s3', endpoint_url=endpoint, region_name='us-east-1', aws_access_key_id=key, aws_secret_access_key=secret
).put_object(Bucket=bucket, Key='a/b', Body=b'x')";
        for server in [S3Server::moto(), S3Server::seaweedfs()] {
            let (key, secret) = server.keys().writer;
            let _ = python::run(script, [&*server.endpoint(), BUCKET, key, secret]);
        }
    }
}
