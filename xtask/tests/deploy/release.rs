//! The workflow that makes a release. It runs only where a tag is pushed; what can be checked without that is checked here.

use std::fs;
use std::process::Command;

use serde_json::Value;

use crate::run::{output, root};

fn workflow() -> Value {
    serde_saphyr::from_str(&fs::read_to_string(root().join(".github/workflows/release.yml")).unwrap())
        .unwrap()
}

fn steps(workflow: &Value) -> Vec<Value> {
    let jobs = workflow["jobs"].as_object().unwrap().values();
    jobs.flat_map(|job| job["steps"].as_array().unwrap().clone()).collect()
}

fn scripts(workflow: &Value) -> Vec<String> {
    steps(workflow).iter().filter_map(|step| step["run"].as_str()).map(str::to_owned).collect()
}

#[test]
fn it_starts_with_a_tag_and_nothing_else() {
    assert_eq!(workflow()["on"], serde_json::json!({ "push": { "tags": ["v*"] } }));
}

#[test]
fn only_the_job_that_publishes_may_write_and_sign() {
    let workflow = workflow();
    assert_eq!(workflow["permissions"], serde_json::json!({}));
    for (name, job) in workflow["jobs"].as_object().unwrap() {
        let permissions = job["permissions"].as_object().unwrap();
        let may_write = permissions.values().any(|permission| permission == "write");
        assert_eq!(may_write, name == "publish", "{name}: {permissions:?}");
        for needed in job["needs"].as_array().into_iter().flatten() {
            assert!(workflow["jobs"].get(needed.as_str().unwrap()).is_some(), "{name} needs {needed}");
        }
    }
}

#[test]
fn every_action_is_pinned_to_a_release() {
    let is_number = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_digit());
    for action in steps(&workflow()).iter().filter_map(|step| step["uses"].as_str()) {
        let (_, version) = action.split_once('@').unwrap_or_else(|| panic!("{action} has no version"));
        let parts: Vec<&str> = version.trim_start_matches('v').split('.').collect();
        let is_commit = version.len() == 40 && version.chars().all(|c| c.is_ascii_hexdigit());
        assert!(is_commit || (parts.len() == 3 && parts.into_iter().all(is_number)), "{action}");
    }
}

#[test]
fn every_script_is_valid_and_every_task_in_it_exists() {
    let mut tasks = 0;
    for script in scripts(&workflow()) {
        output(Command::new("bash").args(["-n", "-c", &script]));
        for line in script.lines().filter_map(|line| line.split_once("cargo xtask ")).map(|(_, rest)| rest) {
            let words: Vec<&str> = line.split(' ').collect();
            let help = output(Command::new(env!("CARGO_BIN_EXE_xtask")).arg(words[0]).arg("--help"));
            for option in words.iter().filter(|word| word.starts_with("--")) {
                assert!(help.contains(option), "cargo xtask {} has no {option}", words[0]);
            }
            tasks += 1;
        }
    }
    assert_eq!(tasks, 3);
}

#[test]
fn everything_is_built_summed_and_signed() {
    let workflow = workflow();
    let all = scripts(&workflow).join("\n");
    for expected in [
        "cosign sign --yes",
        "cosign sign-blob --yes --bundle SHA256SUMS.sigstore.json SHA256SUMS",
        "sha256sum -- * > SHA256SUMS",
        "skopeo copy --preserve-digests",
        "spin registry push",
        "--file deploy/kubernetes/Dockerfile",
    ] {
        assert!(all.contains(expected), "no step says {expected}");
    }
    assert!(steps(&workflow).iter().any(|step| step["with"]["format"] == "cyclonedx-json"));
    let architectures = workflow["jobs"]["module"]["strategy"]["matrix"]["include"].as_array().unwrap();
    let names: Vec<&Value> = architectures.iter().map(|one| &one["architecture"]).collect();
    assert_eq!(names, ["x86_64", "aarch64"]);
    assert!(root().join("deploy/kubernetes/Dockerfile").is_file());
}
