//! Tests of mistakes that prevent the start, and of their messages.

use gatelog_spin_host::App;
use tokio::net::TcpListener;

use crate::support::Fixture;

async fn message(fixture: &Fixture) -> String {
    let app = fixture.builder().start().await;
    format!("{:#}", app.expect_err("the application must not start"))
}

#[tokio::test]
async fn a_port_in_use_says_what_to_do() {
    let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = taken.local_addr().unwrap();
    let error = Fixture::new("").builder().listen(address).start().await.unwrap_err().to_string();
    assert!(error.contains(&address.to_string()) && error.contains("--listen"), "{error}");
}

#[tokio::test]
async fn the_error_for_a_missing_component_names_the_command_that_builds_it() {
    let fixture = Fixture::new("");
    let text = r#"
        spin_manifest_version = 2
        [application]
        name = "a"
        [[trigger.http]]
        route = "/"
        component = "ingest"
        [component.ingest]
        source = "target/wasm32-wasip2/release/gatelog_ingest.wasm"
    "#;
    std::fs::write(fixture.folder.path().join("spin.toml"), text).unwrap();
    let error = message(&fixture).await;
    let expected = "target/wasm32-wasip2/release/gatelog_ingest.wasm does not exist: run `cargo xtask build`";
    assert!(error.contains(expected), "{error}");
}

#[tokio::test]
async fn a_missing_manifest_is_named() {
    let error = App::builder("/nowhere/spin.toml").start().await.unwrap_err().to_string();
    assert!(error.contains("/nowhere/spin.toml") && error.contains("--from"), "{error}");
}

#[tokio::test]
async fn a_required_variable_without_a_value_is_named() {
    let error = message(&Fixture::with_head("[variables]\ntoken = { required = true }", "")).await;
    assert!(error.contains("SPIN_VARIABLE_TOKEN"), "{error}");
}

#[tokio::test]
async fn a_database_file_of_another_type_is_refused() {
    let fixture = Fixture::new("sqlite_databases = [\"default\"]");
    std::fs::create_dir(fixture.folder.path().join(".spin")).unwrap();
    std::fs::write(fixture.database(), "this is a text and has been one for long, no database at all")
        .unwrap();
    let error = message(&fixture).await;
    assert!(error.contains("sqlite_db.db") && error.contains("--sqlite-file"), "{error}");
}

#[tokio::test]
async fn a_database_without_a_place_is_refused() {
    let error = message(&Fixture::new("sqlite_databases = [\"more\"]")).await;
    assert!(error.contains("more") && error.contains("--runtime-config-file"), "{error}");
}

#[tokio::test]
async fn a_file_that_is_not_a_component_is_refused() {
    let fixture = Fixture::new("");
    let wasm = fixture.folder.path().join("a.wasm");
    std::fs::write(&wasm, b"\0asm\x01\0\0\0").unwrap();
    let manifest = fixture.folder.path().join("spin.toml");
    let text = std::fs::read_to_string(&manifest).unwrap();
    let source = text.lines().find(|line| line.contains("source =")).unwrap().to_owned();
    std::fs::write(&manifest, text.replace(&source, "source = \"a.wasm\"")).unwrap();
    let error = message(&fixture).await;
    assert!(error.contains("a.wasm is not a WebAssembly component"), "{error}");
}
