//! What promtool says of the files in `deploy/prometheus`.

use gatelog_artifacts as artifacts;
use gatelog_testbed::prometheus::promtool;

#[tokio::test(flavor = "multi_thread")]
async fn the_scrape_configuration_and_the_rules_are_valid_and_their_tests_pass() {
    let folder = artifacts::workspace().join("deploy/prometheus");
    for (command, file, says) in [
        (["check", "config"], "scrape.yaml", "is valid prometheus config file syntax"),
        (["check", "rules"], "rules.yaml", "rules found"),
        (["test", "rules"], "rules_test.yaml", "SUCCESS"),
    ] {
        let said = promtool(command, &folder.join(file)).await.unwrap();
        assert!(said.contains(says), "{file}: {said}");
    }
}
