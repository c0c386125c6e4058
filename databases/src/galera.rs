//! A private Galera cluster: three MariaDBs, each with all data, that replicate to each other over loopback.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use anyhow::Context as _;
use tempfile::TempDir;

use crate::mariadb::{self, LOG_FILE};
use crate::server;
use crate::sql_server::{self, Programs, SqlServer};

/// How many nodes a cluster has: one may fail, and the others are a majority.
pub const NODES: usize = 3;

/// Where a system has Galera; `GATELOG_GALERA` names another root.
const LIBRARY: &str = "usr/lib/galera/libgalera_smm.so";
/// The folder with the scripts that copy a node's data to another.
const SCRIPTS: &str = "usr/bin";
const INSTALL: &str = "install Galera (Debian: galera-4, mariadb-server for its script wsrep_sst_rsync, and rsync), or name the \
                       folder into which these packages are unpacked in GATELOG_GALERA";
/// Who runs the nodes when the tests run as root: `rsync` serves files as nobody when root starts it.
const NOT_ROOT: &str = "nobody";

/// Starts a node. The first one founds the cluster, once. Whoever was in it finds out how far its data goes, also after a
/// crash, so that the others send it only what follows: as the service of MariaDB's packages does.
const NODE: &str = r#"#!/bin/sh
PATH=@scripts@:$PATH
start=@found@
if [ -e @data@/grastate.dat ]; then
    position=$(@server@ "$@" --wsrep-recover 2>&1 | sed -n 's/.*WSREP: Recovered position: *//p' | tail -n 1)
    start=${position:+--wsrep-start-position=$position}
fi
exec @server@ "$@" $start
"#;

/// A cluster; ended when dropped.
#[derive(Debug)]
pub struct Galera {
    nodes: Vec<SqlServer>,
}

impl Galera {
    /// Starts a cluster of [`NODES`] nodes.
    ///
    /// # Errors
    ///
    /// When Galera or MariaDB is not installed (the error says how to install it), or a node does not join.
    pub fn start() -> anyhow::Result<Self> {
        let ports = (0..NODES).map(|_| NodePorts::free()).collect::<anyhow::Result<Vec<_>>>()?;
        let cluster: Vec<String> = ports.iter().map(|ports| format!("127.0.0.1:{}", ports.group)).collect();
        let cluster = cluster.join(",");
        let mut nodes: Vec<SqlServer> = Vec::new();
        for ports in &ports {
            let is_first = nodes.is_empty();
            let node = start_node(nodes.len(), *ports, &cluster, is_first)?;
            if is_first {
                node.create_user()?;
            }
            nodes.push(node);
        }
        Ok(Self { nodes })
    }

    /// The shared cluster of this process, for tests that do not change its nodes.
    ///
    /// # Errors
    ///
    /// As [`Galera::start`].
    pub fn shared() -> anyhow::Result<&'static Self> {
        static SHARED: OnceLock<Result<Galera, String>> = OnceLock::new();
        let shared = SHARED.get_or_init(|| Self::start().map_err(|error| format!("{error:#}")));
        shared.as_ref().map_err(|error| anyhow::anyhow!("{error}"))
    }

    /// The nodes.
    pub fn nodes(&self) -> &[SqlServer] {
        &self.nodes
    }

    /// Creates an empty database, and returns its URL on each node, once all nodes have it.
    ///
    /// # Errors
    ///
    /// The server's error.
    pub fn database(&self) -> anyhow::Result<Vec<String>> {
        let first = self.nodes.first().context("the cluster has no nodes")?.database()?;
        let name = first.rsplit('/').next().unwrap_or_default();
        self.nodes
            .iter()
            .map(|node| {
                // A node that is behind the others does not know the database, and says so without waiting for it.
                let has_it = || node.sql(&format!("SHOW TABLES FROM {name}")).is_ok().then(|| node.url(name));
                server::wait(has_it).with_context(|| format!("a node does not get the database {name}"))
            })
            .collect()
    }
}

/// The loopback ports of a node besides that for clients: for the group, for missed changes, and for all data.
#[derive(Clone, Copy, Debug)]
struct NodePorts {
    group: u16,
    changes: u16,
    data: u16,
}

impl NodePorts {
    fn free() -> anyhow::Result<Self> {
        Ok(Self { group: server::free_port()?, changes: server::free_port()?, data: server::free_port()? })
    }
}

fn start_node(number: usize, ports: NodePorts, cluster: &str, is_first: bool) -> anyhow::Result<SqlServer> {
    let root = std::env::var_os("GATELOG_GALERA").map_or_else(|| PathBuf::from("/"), PathBuf::from);
    let (library, scripts) = (root.join(LIBRARY), root.join(SCRIPTS));
    for file in [&library, &scripts.join("wsrep_sst_rsync")] {
        anyhow::ensure!(file.is_file(), "there is no {}: {INSTALL}", file.display());
    }
    server::find("rsync", "GATELOG_RSYNC", INSTALL)?;
    let folder = TempDir::with_prefix(format!("gatelog-galera-{number}-"))?;
    let data = folder.path().join("data");
    if is_first {
        mariadb::install(&folder, &data)?;
    } else {
        std::fs::create_dir(&data)?;
    }
    let own = mariadb::programs()?;
    let found = if is_first { "--wsrep-new-cluster" } else { "" };
    let node = NODE
        .replace("@server@", &own.server.display().to_string())
        .replace("@scripts@", &scripts.display().to_string())
        .replace("@data@", &data.display().to_string())
        .replace("@found@", found);
    let programs = Programs { server: program(folder.path(), &node)?, client: own.client };
    let NodePorts { group, changes, data: all } = ports;
    let mut options = vec![
        LOG_FILE.to_owned(),
        "--wsrep-on=ON".to_owned(),
        "--binlog-format=ROW".to_owned(),
        "--innodb-autoinc-lock-mode=2".to_owned(),
        format!("--wsrep-provider={}", library.display()),
        "--wsrep-cluster-name=gatelog".to_owned(),
        format!("--wsrep-cluster-address=gcomm://{cluster}"),
        format!("--wsrep-node-name=node-{number}"),
        format!("--wsrep-node-address=127.0.0.1:{group}"),
        format!(
            "--wsrep-provider-options=gmcast.listen_addr=tcp://127.0.0.1:{group};ist.recv_addr=127.0.0.1:{changes};\
             ist.recv_bind=127.0.0.1:{changes};gcache.size=64M"
        ),
        "--wsrep-sst-method=rsync".to_owned(),
        format!("--wsrep-sst-receive-address=127.0.0.1:{all}"),
    ];
    if sql_server::as_root().is_some() {
        options.push(format!("--user={NOT_ROOT}"));
        sql_server::give(folder.path(), NOT_ROOT)?;
    }
    SqlServer::start_with_users(folder, data, programs, options)
}

/// Writes a program.
fn program(folder: &Path, text: &str) -> anyhow::Result<PathBuf> {
    let file = folder.join("node");
    std::fs::write(&file, text)?;
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755))?;
    Ok(file)
}
