//! Tests of what a component may reach: hosts, sockets, variables, files.

use gatelog_spin_host::App;
use http_body_util::BodyExt as _;
use tokio::net::{TcpListener, UdpSocket};

use crate::support::{Fixture, get};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn http_requests_only_reach_allowed_hosts() {
    let target = Fixture::new("").start().await;
    let port = target.addr().port();
    let fixture = Fixture::with_head(
        "[variables]\ntarget = { default = \"nothing\" }",
        "allowed_outbound_hosts = [\"http://{{ target }}\", \"http://localhost:1\"]",
    );
    let app = fixture.builder().variable("target", format!("127.0.0.1:{port}")).start().await.unwrap();
    assert_eq!(get(&app, &format!("/net/http/127.0.0.1:{port}/hello")).await, "200 hello");
    let refused = get(&app, &format!("/net/http/localhost:{port}/hello")).await;
    assert_eq!(refused, "error: ErrorCode::HttpRequestDenied");
    let log = format!("{:?}", app.logs());
    assert!(log.contains(&format!("add \\\"http://localhost:{port}\\\" to allowed_outbound_hosts")), "{log}");
    let unreachable = get(&app, "/net/http/localhost:1/").await;
    assert!(unreachable.contains("ConnectionRefused"), "{unreachable}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sockets_only_connect_to_allowed_addresses() {
    let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let udp = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let (tcp_at, udp_at) = (tcp.local_addr().unwrap(), udp.local_addr().unwrap());
    let fixture = Fixture::new(&format!("allowed_outbound_hosts = [\"tcp://{tcp_at}\", \"udp://{udp_at}\"]"));
    let app = fixture.start().await;
    let denied = "Err(ErrorCode::AccessDenied)";
    for (trial, expected) in [
        (format!("tcp/{tcp_at}"), "Ok(())"),
        (format!("tcp/{udp_at}"), denied),
        (format!("udp/{udp_at}"), "Ok(())"),
        (format!("udp/{tcp_at}"), denied),
        (format!("udp-unconnected/{udp_at}"), denied),
        ("tcp-bind/0.0.0.0:0".to_owned(), denied),
        ("tcp-bind/127.0.0.1:0".to_owned(), denied),
        ("udp-bind/0.0.0.0:0".to_owned(), denied),
    ] {
        assert_eq!(get(&app, &format!("/net/{trial}")).await, expected, "{trial}");
    }
    let mut datagram = [0; 16];
    let (length, _) = udp.recv_from(&mut datagram).await.unwrap();
    assert_eq!(&datagram[..length], b"datagram");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_name_opens_no_socket_and_is_not_resolved() {
    let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = tcp.local_addr().unwrap();
    let fixture = Fixture::new(&format!("allowed_outbound_hosts = [\"tcp://localhost:{}\"]", address.port()));
    let app = fixture.start().await;
    assert_eq!(get(&app, &format!("/net/tcp/{address}")).await, "Err(ErrorCode::AccessDenied)");
    assert!(get(&app, "/net/lookup/localhost").await.starts_with("Err("));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_component_reads_its_variables_and_its_environment() {
    let fixture = Fixture::with_head(
        "[variables]\nhost = { default = \"localhost\" }",
        "environment = { COLOUR = \"red\" }\nvariables = { url = \"http://{{ host }}/\" }",
    );
    let app = fixture.builder().env("SIZE", "large").start().await.unwrap();
    for (path, expected) in [
        ("/variable/url", "Ok(\"http://localhost/\")"),
        ("/variable/host", "Err(Error::Undefined("),
        ("/variable/Url", "Err(Error::InvalidName("),
        ("/environment/COLOUR", "Ok(\"red\")"),
        ("/environment/SIZE", "Ok(\"large\")"),
        ("/environment/HOME", "Err(NotPresent)"),
    ] {
        let answer = get(&app, path).await;
        assert!(answer.starts_with(expected), "{path}: {answer}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_can_be_read_and_not_written() {
    let fixture = Fixture::new("files = [\"conf/*\"]");
    std::fs::create_dir(fixture.folder.path().join("conf")).unwrap();
    std::fs::write(fixture.folder.path().join("conf/a.txt"), "content").unwrap();
    let app = fixture.start().await;
    assert_eq!(get(&app, "/read/conf/a.txt").await, "Ok(\"content\")");
    assert!(get(&app, "/read/spin.toml").await.starts_with("Err("));
    let written = get(&app, "/write/conf/b.txt").await;
    assert!(written.starts_with("Err("), "{written}");
    assert!(!fixture.folder.path().join("conf/b.txt").exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_component_without_files_sees_none() {
    let app = Fixture::new("").start().await;
    assert!(get(&app, "/read/etc/passwd").await.starts_with("Err("));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_projects_own_manifest_is_valid() {
    let manifest = gatelog_artifacts::workspace().join("spin.toml");
    let app = App::builder(manifest);
    let folder = tempfile::tempdir().unwrap();
    let app = app.state_folder(folder.path()).start().await.unwrap();
    let request =
        http::Request::get("http://gatelog.test/health").body(http_body_util::Empty::new()).unwrap();
    let response = app.call(request).await;
    assert_eq!(response.status(), 200, "{:?}", app.logs());
    assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), "ok");
}
