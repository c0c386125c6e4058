//! The container image for plain Kubernetes: what goes into it is there, and its entry point starts Spin as the manifests expect.

use std::fs;
use std::process::Command;

use super::resources::deploy;
use crate::run::{output, root};

#[test]
fn the_dockerfile_copies_what_the_application_needs_and_nothing_that_is_not_there() {
    let dockerfile = fs::read_to_string(deploy().join("kubernetes/Dockerfile")).unwrap().replace("\\\n", " ");
    let copies: Vec<&str> = dockerfile
        .lines()
        .filter_map(|line| line.strip_prefix("COPY "))
        .flat_map(|line| line.rsplit_once(' ').unwrap().0.split_whitespace())
        .filter(|word| !word.starts_with("--"))
        .collect();
    for source in copies.iter().filter(|source| !source.starts_with("target/")) {
        assert!(root().join(source).exists(), "{source} is not there");
    }
    let application: toml::Table = fs::read_to_string(root().join("spin.toml")).unwrap().parse().unwrap();
    for (name, component) in application["component"].as_table().unwrap() {
        let mut needed = vec![component["source"].as_str().unwrap(), "deploy/no-log-files.toml"];
        let files = component.get("files").and_then(toml::Value::as_array).into_iter().flatten();
        needed.extend(files.map(|files| files["source"].as_str().unwrap()));
        for file in needed {
            assert!(copies.contains(&file), "{name} needs {file}, which is not copied");
        }
    }
}

/// Runs the entry point with a `spin` that prints what it was given.
fn entry_point(variables: &[(&str, &str)]) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let spin = folder.path().join("spin");
    let script = "#!/bin/sh\nfor name in STORE MYSQL_DSN MYSQL_HOST; do eval \"echo $name=\\${SPIN_VARIABLE_$name:-}\"; done\n\
                  echo \"left=${MYSQL_DSN:-}\"\n\
                  echo \"config=$RUNTIME_CONFIG_FILE\"\nfor argument in \"$@\"; do echo \"<$argument>\"; done\n";
    fs::write(&spin, script).unwrap();
    #[cfg(unix)]
    fs::set_permissions(&spin, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let path = format!("{}:{}", folder.path().display(), std::env::var("PATH").unwrap());
    let mut command = Command::new(deploy().join("kubernetes/entrypoint.sh"));
    command
        .env("PATH", path)
        .env_remove("RUNTIME_CONFIG_FILE")
        .envs(variables.iter().copied())
        .arg("--quiet");
    for name in ["STORE", "MYSQL_DSN", "MYSQL_HOST"] {
        if !variables.iter().any(|(given, _)| given.strip_prefix("SPIN_VARIABLE_") == Some(name)) {
            command.env_remove(format!("SPIN_VARIABLE_{name}"));
        }
    }
    output(&mut command).lines().map(str::to_owned).collect()
}

#[test]
fn without_a_dsn_spin_is_started_on_the_port_of_the_service_and_writes_no_log_files() {
    let said = entry_point(&[]);
    assert_eq!(said[..4], ["STORE=", "MYSQL_DSN=", "MYSQL_HOST=", "left="]);
    let arguments = said[5..].concat();
    assert!(
        arguments.contains("<--listen><0.0.0.0:8080>") && arguments.ends_with("<--quiet>"),
        "{arguments}"
    );
    // The file is where the Dockerfile puts it, and says what is meant.
    let config = said[4].strip_prefix("config=/gatelog/").unwrap();
    let config: toml::Table = fs::read_to_string(root().join(config)).unwrap().parse().unwrap();
    assert_eq!(config["log_dir"].as_str(), Some(""));
    assert_eq!(config.len(), 1);
}

#[test]
fn the_dsn_of_log_collector_selects_mysql_and_the_host_that_spin_allows() {
    for (dsn, host) in [
        (
            "user:password@tcp(mysql-host:3306)/higress_poc?charset=utf8mb4&parseTime=True&loc=Local",
            "mysql-host:3306",
        ),
        ("u:p@ss/w:o(r)d$x'\"@tcp(db:3307)/d", "db:3307"),
        ("u:p@tcp(db)/d", "db:3306"),
        ("u@tcp([2001:db8::1]:3308)/d", "[2001:db8::1]:3308"),
        ("u@tcp([2001:db8::1])/d", "[2001:db8::1]:3306"),
        ("u:p@/d", "127.0.0.1:3306"),
    ] {
        let said = entry_point(&[("MYSQL_DSN", dsn)]);
        let expected = [
            "STORE=mysql".to_owned(),
            format!("MYSQL_DSN={dsn}"),
            format!("MYSQL_HOST={host}"),
            "left=".to_owned(),
        ];
        assert_eq!(said[..4], expected);
    }
    let said = entry_point(&[("MYSQL_DSN", "u:p@tcp(db)/d"), ("SPIN_VARIABLE_MYSQL_HOST", "other:1")]);
    assert_eq!(said[2], "MYSQL_HOST=other:1", "what is set stands");
}
