//! The stories on a real Turso database, over its HTTP protocol.

#![expect(clippy::unwrap_used, reason = "a test ends where its set-up fails")]

use std::time::Duration;

use bytes::Bytes;
use gatelog_databases::Turso as Server;
use gatelog_storage::driver::turso::{Http, Turso};
use gatelog_storage::schema;
use http::Request;
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

crate::stories::every_story! { database }

async fn database() -> (Turso<NativeHttp>, Server) {
    let server = Server::start().unwrap();
    let http = NativeHttp(Client::builder(TokioExecutor::new()).build_http());
    let database = Turso::new(http, &server.url(), Server::TOKEN);
    schema::ensure(&database).await.unwrap();
    (database, server)
}

struct NativeHttp(Client<HttpConnector, Full<Bytes>>);

impl Http for NativeHttp {
    async fn post(&self, url: &str, authorization: &str, json: String) -> Result<(u16, Vec<u8>), String> {
        let request = Request::post(url).header("authorization", authorization);
        let request = request.body(Full::new(Bytes::from(json))).unwrap();
        let response = self.0.request(request).await.map_err(|error| error.to_string())?;
        let status = response.status().as_u16();
        let body = response.into_body().collect().await.map_err(|error| error.to_string())?;
        Ok((status, body.to_bytes().to_vec()))
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}
