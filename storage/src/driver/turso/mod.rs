//! Turso, or any libSQL server, over its HTTP protocol (Hrana 2): for platforms where Spin offers no SQLite.
//!
//! Each statement is one `POST /v2/pipeline` that opens a stream, runs the statement and closes the stream. Nothing that
//! could expire is left on the server, and a statement costs one round trip; the host keeps HTTP connections.

mod hrana;

use std::rc::Rc;
use std::time::Duration;

use crate::pool::Connect;
use crate::{Dialect, Executor, Rows, Statement, StorageError};

/// Sends requests to the server.
#[expect(async_fn_in_trait, reason = "futures need not be Send: components are single-threaded")]
pub trait Http {
    /// Posts JSON to `url` with this `authorization` header, unless it is empty, and returns status and body.
    ///
    /// # Errors
    ///
    /// The reason why the request failed.
    async fn post(&self, url: &str, authorization: &str, json: String) -> Result<(u16, Vec<u8>), String>;

    /// Waits.
    async fn sleep(&self, duration: Duration);
}

/// A database of Turso.
#[derive(Debug)]
pub struct Turso<H>(Rc<Server<H>>);

struct Server<H> {
    http: H,
    url: String,
    authorization: String,
}

impl<H> std::fmt::Debug for Server<H> {
    /// Without the token.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server").field("url", &self.url).finish_non_exhaustive()
    }
}

impl<H: Http> Turso<H> {
    /// The database at `https://…` with its token; an empty token means none.
    pub fn new(http: H, url: &str, token: &str) -> Self {
        Self(Rc::new(Server {
            http,
            url: format!("{}/v2/pipeline", url.trim_end_matches('/')),
            authorization: if token.is_empty() { String::new() } else { format!("Bearer {token}") },
        }))
    }
}

impl<H: Http> Connect for Turso<H> {
    type Connection = Self;

    fn dialect(&self) -> Dialect {
        Dialect::Sqlite
    }

    async fn connect(&self) -> Result<Self, StorageError> {
        Ok(Self(Rc::clone(&self.0)))
    }

    async fn sleep(&self, duration: Duration) {
        self.0.http.sleep(duration).await;
    }
}

impl<H: Http> Executor for Turso<H> {
    fn dialect(&self) -> Dialect {
        Dialect::Sqlite
    }

    async fn run(&self, statement: &Statement<'_>) -> Result<Rows, StorageError> {
        let server = &*self.0;
        let answer = server.http.post(&server.url, &server.authorization, hrana::request(statement)).await;
        let (status, body) = answer.map_err(|reason| StorageError::Unavailable { reason })?;
        if status == 200 { hrana::rows(&body) } else { Err(hrana::refused(status, &body)) }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use futures::executor::block_on;
    use serde_json::{Value, json};

    use super::*;

    /// A server that keeps the requests, and offers a baton and another address in each response.
    #[derive(Default)]
    struct Server(RefCell<Vec<Value>>);

    impl Http for &Server {
        async fn post(&self, _: &str, _: &str, json: String) -> Result<(u16, Vec<u8>), String> {
            self.0.borrow_mut().push(serde_json::from_str(&json).unwrap());
            let answer = json!({"baton": "used", "base_url": "https://other.invalid", "results": []});
            Ok((200, answer.to_string().into_bytes()))
        }

        async fn sleep(&self, _: Duration) {}
    }

    #[test]
    fn no_statement_uses_the_stream_of_another_so_none_can_expire() {
        let case: Value =
            serde_json::from_str(include_str!("../../../testdata/cases/79-turso-no-baton.json")).unwrap();
        let server = Server::default();
        let turso = Turso::new(&server, "https://db.invalid/", "");
        let count = case["statements"].as_u64().unwrap();
        for follow_up in [None, Some("SELECT changes()")] {
            for _ in 0..count {
                let statement = Statement::new("SELECT 1", Vec::new()).with_follow_up(follow_up);
                // Returned rows do not matter here.
                let _ = block_on(turso.run(&statement));
            }
        }
        let requests = server.0.into_inner();
        assert_eq!(requests.len() as u64, 2 * count);
        for request in requests {
            assert_eq!(request["baton"], Value::Null);
            let steps = request["requests"].as_array().unwrap();
            assert_eq!(steps.last().unwrap(), &json!({"type": "close"}));
            assert!(steps.len() > 1 && steps.iter().rev().skip(1).all(|step| step["type"] == "execute"));
        }
    }
}
