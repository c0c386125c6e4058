//! The unit for systemd, checked by systemd.

use std::fs;
use std::process::Command;

use crate::run::{output, root};

/// The unit, with a program that is on this machine in place of Spin.
fn unit() -> String {
    let text = fs::read_to_string(root().join("deploy/systemd/gatelog.service")).unwrap();
    assert_eq!(text.matches("/usr/local/bin/spin").count(), 1);
    text.replace("/usr/local/bin/spin", "/bin/sh")
}

/// What systemd finds in the unit.
fn verify(text: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("gatelog.service");
    fs::write(&file, text).unwrap();
    let output = Command::new("systemd-analyze").args(["verify", "--man=no"]).arg(&file).output().unwrap();
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[test]
fn systemd_finds_nothing_in_the_unit_and_something_in_a_wrong_one() {
    assert_eq!(verify(&unit()), "");
    let wrong = unit().replace("StateDirectory=gatelog", "StateDirectory=/gatelog");
    assert!(verify(&wrong).contains("StateDirectory"));
}

#[test]
fn the_unit_is_confined() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("gatelog.service");
    fs::write(&file, unit()).unwrap();
    let mut analyze = Command::new("systemd-analyze");
    // Of ten; above this the command fails.
    analyze.args(["security", "--offline=true", "--no-pager", "--threshold=20"]).arg(&file);
    output(&mut analyze);
}

#[test]
fn every_variable_of_the_unit_is_in_the_file_of_variables() {
    let variables = fs::read_to_string(root().join("deploy/systemd/gatelog.env")).unwrap();
    for rest in unit().split("${").skip(1) {
        let name = rest.split('}').next().unwrap();
        assert!(variables.lines().any(|line| line.starts_with(&format!("{name}="))), "{name} is not set");
    }
}
