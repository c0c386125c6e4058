//! Every command in a document runs in a copy of the project, in the order of its page; what cannot run here says why.

use std::collections::BTreeMap;

use gatelog_documents::{Block, block};
use gatelog_testbed::functions::{Functions, Options};

use crate::page_run::{INGEST_TOKEN, PageRun, QUERY_TOKEN};
use crate::scratch::Scratch;

#[tokio::test(flavor = "multi_thread")]
async fn every_command_in_the_documents_that_can_run_here_does() {
    let is_shell = |block: &Block| matches!(&*block.language, "sh" | "bash" | "shell");
    let mut pages = BTreeMap::<String, Vec<Block>>::new();
    for block in block::all().unwrap().into_iter().filter(is_shell) {
        pages.entry(block.page.clone()).or_default().push(block);
    }
    let folder = tempfile::tempdir().unwrap();
    let tokens = [("ingest_token", INGEST_TOKEN), ("query_token", QUERY_TOKEN)];
    let shared = Options::storing_in(&folder.path().join("gatelog.db")).variables(&tokens);
    let shared = Functions::start(&shared).await.unwrap();
    let scratch = Scratch::new().unwrap();
    let (mut run, mut left, mut problems) = (0, Vec::new(), Vec::new());
    for blocks in pages.into_values() {
        let mut page = PageRun::new(&scratch, shared.address().to_string());
        for block in blocks {
            if let Some(reason) = &block.not_run {
                left.push(format!("{}: {reason}", block.place()));
                continue;
            }
            run += 1;
            if let Err(error) = page.run(&block).await {
                problems.push(format!("{}: {error:#}", block.place()));
            }
        }
        page.end().await;
    }
    shared.stop().await;
    println!("{run:4} blocks of commands ran, {} did not:", left.len());
    left.iter().for_each(|block| println!("     {block}"));
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}
