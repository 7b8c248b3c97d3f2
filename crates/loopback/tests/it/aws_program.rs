//! The program `lakeward-loopback`.

use lakeward_testkit::home::Home;

use crate::aws_kit::get;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_tells_its_environment_and_ends_when_told() {
    let home = Home::new();
    let mut program = home.command(env!("CARGO_BIN_EXE_lakeward-loopback")).spawn();
    tokio::task::block_in_place(|| program.wait_for("AWS_EC2_METADATA_SERVICE_ENDPOINT"));
    let told = program.stdout();
    let names: Vec<&str> = told.lines().filter_map(|line| line.strip_prefix("export ")?.split('=').next()).collect();
    let services = ["URL_SSO_OIDC", "URL_SSO", "URL_SIGNIN", "URL_STS"].map(|name| format!("AWS_ENDPOINT_{name}"));
    assert_eq!(names[..4], services);
    let portal = told.lines().nth(1).and_then(|line| line.split('=').nth(1)).expect("an endpoint");
    assert_eq!(get(&format!("{portal}/assignment/accounts"), &[]).await.status, 401);
    program.signal("TERM");
    tokio::task::block_in_place(|| program.wait().exits(0));
}
