//! The stories on a real MariaDB and a real MySQL, and on MySQL over TLS.

#![expect(clippy::unwrap_used, reason = "a test ends where its set-up fails")]

use gatelog_databases::{MariaDb, MySql, SqlServer};
use gatelog_storage::driver::native_mysql::NativeMysql;

mod on_mariadb {
    use super::*;

    crate::stories::every_story! { database }

    async fn database() -> (NativeMysql, ()) {
        (open(MariaDb::shared().unwrap()).await, ())
    }
}

/// The password goes over the connection encrypted with the server's key: accounts of MySQL sign in by
/// `caching_sha2_password`.
mod on_mysql {
    use super::*;

    crate::stories::every_story! { database }

    async fn database() -> (NativeMysql, ()) {
        (open(MySql::shared().unwrap()).await, ())
    }
}

mod on_mysql_over_tls {
    use super::*;

    crate::stories::every_story! { database }

    async fn database() -> (NativeMysql, ()) {
        let server = MySql::shared().unwrap();
        // Whoever signs in without it is refused, so that a story that passes has had TLS.
        server.sql("CREATE USER IF NOT EXISTS tls@'%' IDENTIFIED BY 'of-tests' REQUIRE SSL").unwrap();
        let url = server.database().unwrap();
        let (server_part, name) = url.rsplit_once('/').unwrap();
        server.sql(&format!("GRANT ALL ON {name}.* TO tls@'%'")).unwrap();
        let host = server_part.rsplit('@').next().unwrap();
        let plain = format!("mysql://tls:of-tests@{host}/{name}");
        let refused = NativeMysql::connect(&plain).await.unwrap_err();
        assert_eq!(refused.class(), "database_misconfigured", "{refused}");
        // The certificate is the server's own, which no authority vouches for.
        (NativeMysql::open(&format!("{plain}?require_ssl=true&verify_ca=false")).await.unwrap(), ())
    }
}

#[test]
fn accounts_of_mysql_sign_in_by_caching_sha2_password() {
    let server = MySql::shared().unwrap();
    let plugin = server.sql("SELECT plugin FROM mysql.user WHERE user = 'gatelog'").unwrap();
    assert_eq!(plugin.trim(), "caching_sha2_password");
}

async fn open(server: &SqlServer) -> NativeMysql {
    let url = server.database().unwrap();
    NativeMysql::open(&url).await.unwrap()
}
