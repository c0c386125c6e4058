//! The verification from the plugin's documentation: `log_level` info, `successful_severity` notice, one call through
//! the gateway, and a check of the file that the daemon writes.

use gatelog_testbed::rsyslog::Rsyslog;
use http::Request;
use serde_json::{Value, json};

use super::super::setup::Path;
use super::variables;

#[tokio::test(flavor = "multi_thread")]
async fn one_call_with_successful_severity_notice_is_logged_as_notice() {
    let rsyslog = Rsyslog::start(65_536).await.unwrap();
    let [delivery, address, port] = variables(&rsyslog);
    let entries = json!([{"name": "syslog", "config": {
        "log_level": "info", "successful_severity": "notice",
        "custom_fields_by_lua": {"called": "return kong.request.get_method() .. ' ' .. kong.request.get_path()"},
    }}]);
    let variables = [
        (delivery.0, &*delivery.1),
        (address.0, &*address.1),
        (port.0, &*port.1),
        ("syslog_entries", &*entries.to_string()),
        ("syslog_hostname", "gw"),
    ];
    let path = Path::with(&json!({}), &variables).await;
    let request = Request::get(path.url("/products/5?page=2")).header("user-agent", "walk-through");
    let answer = path.client.send(request.body("").unwrap()).await.unwrap();
    assert_eq!(answer.status(), 200);

    let received = rsyslog.await_received(1).await.unwrap();
    let message = &received[0];
    assert_eq!((&*message.facility, &*message.severity), ("user", "notice"));
    assert_eq!((&*message.tag, &*message.host), ("kong[1]:", "gw"));
    let log: Value = serde_json::from_str(&message.text).unwrap();
    assert_eq!(log["request"]["uri"], "/products/5?page=2");
    assert_eq!(log["request"]["querystring"], json!({"page": "2"}));
    assert_eq!(log["request"]["headers"]["user-agent"], "walk-through");
    assert_eq!(log["response"]["status"], 200);
    assert_eq!((&log["upstream_status"], &log["source"]), (&json!("200"), &json!("upstream")));
    assert_eq!(log["client_ip"], "127.0.0.1");
    assert_eq!(log["called"], "GET /products/5");
    let listener = path.envoy.listener();
    assert_eq!(log["request"]["url"], format!("http://127.0.0.1:{}/products/5?page=2", listener.port()));

    let file = rsyslog.await_messages_file(1).await.unwrap();
    assert!(file.lines().count() == 1 && file.contains(r#" gw kong[1]: {"#), "{file}");
    let [record] = &path.records(1).await[..] else { panic!("one record") };
    assert_eq!(log["request"]["id"], record["request_id"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn records_below_the_log_level_are_stored_and_not_logged() {
    let rsyslog = Rsyslog::start(65_536).await.unwrap();
    let [delivery, address, port] = variables(&rsyslog);
    let entries = json!([{"config": {"log_level": "notice", "server_errors_severity": "err"}}]).to_string();
    let variables = [
        (delivery.0, &*delivery.1),
        (address.0, &*address.1),
        (port.0, &*port.1),
        ("syslog_entries", &*entries),
    ];
    let path = Path::with(&json!({}), &variables).await;
    for target in ["/products/5", "/no-route", "/dead/end"] {
        path.client.send(Request::get(path.url(target)).body("").unwrap()).await.unwrap();
    }
    path.records(3).await;
    let received = rsyslog.await_received(1).await.unwrap();
    assert_eq!(received.len(), 1);
    assert_eq!(received[0].severity, "err");
    let log: Value = serde_json::from_str(&received[0].text).unwrap();
    assert_eq!((&log["request"]["uri"], &log["response"]["status"]), (&json!("/dead/end"), &json!(503)));
    assert_eq!((&log["source"], &log["upstream_status"]), (&json!("kong"), &json!("")));
}
