//! The project's own tasks in the documents: each command is one that the program has.

use std::process::Command;

use gatelog_documents::{Block, block};

/// The words of a command in a document that are none of the program's.
const TASK: &str = "cargo xtask ";

/// Hands the rest of its words to another program, which the end-to-end tests of the documents ask.
const PASSED_ON: &str = "bench";

#[test]
fn each_task_in_the_documents_is_one_with_these_options() {
    let blocks = block::all().unwrap();
    let shells = blocks.iter().filter(|block| matches!(&*block.language, "sh" | "bash" | "shell"));
    let mut checked = 0;
    for block in shells {
        for words in tasks(block) {
            // Help is printed once everything before it was understood.
            let mut task = Command::new(env!("CARGO_BIN_EXE_xtask"));
            let output = task.args(&words).arg("--help").output().unwrap();
            let error = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{}: {TASK}{}: {error}", block.place(), words.join(" "));
            checked += 1;
        }
    }
    assert!(checked > 5, "only {checked} tasks were found in the documents");
}

fn tasks(block: &Block) -> Vec<Vec<String>> {
    let commands = block.commands();
    let tasks = commands.iter().filter_map(|command| {
        let (_, task) = command.split_once(TASK)?;
        let task = task.split(['|', '>', '&', ';']).next().unwrap_or_default();
        Some(task.split_whitespace().map(str::to_owned).collect::<Vec<String>>())
    });
    tasks
        .map(
            |words| {
                if words.first().is_some_and(|word| word == PASSED_ON) { words[..1].to_vec() } else { words }
            },
        )
        .collect()
}
