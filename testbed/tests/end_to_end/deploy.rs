//! Tests that the examples in `deploy/` are valid.

use gatelog_artifacts as artifacts;
use gatelog_testbed::{envoy, rsyslog};

#[tokio::test]
async fn envoy_accepts_the_example_configurations() {
    for file in ["envoy.yaml", "access-logger.yaml", "otlp.yaml"] {
        envoy::validate(&artifacts::workspace().join("deploy/envoy").join(file)).await.unwrap();
    }
}

#[tokio::test]
async fn rsyslog_accepts_the_example_configuration() {
    rsyslog::validate(&artifacts::workspace().join("deploy/rsyslog/gatelog.conf")).await.unwrap();
}
