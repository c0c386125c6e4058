//! The functions over a table with a partition for each day.

use gatelog_databases::{MariaDb, MySql, SqlServer};
use serde_json::json;

use crate::story;
use crate::support::Stored;

#[tokio::test(flavor = "multi_thread")]
async fn the_story_on_a_divided_table_of_mariadb() {
    the_story_on_a_divided_table(MariaDb::shared().unwrap()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_story_on_a_divided_table_of_mysql() {
    the_story_on_a_divided_table(MySql::shared().unwrap()).await;
}

async fn the_story_on_a_divided_table(server: &SqlServer) {
    let url = server.database().unwrap();
    let host = format!("127.0.0.1:{}", server.port());
    let stored = Stored::in_mysql_at(&url, &host, &[("mysql_partitions", "day")]).await;
    story::tell(&stored).await;
    // Sent again it would have another time, and be another record.
    let timeless = json!([{"record_id": "timeless"}, {"method": "GET"}]);
    let answer = stored.post(&timeless).await;
    assert_eq!((answer.status().as_u16(), &answer.body()["accepted"]), (200, &json!(1)), "{}", answer.body());
    let rejected = &answer.body()["rejected"];
    assert_eq!((rejected.as_array().unwrap().len(), &rejected[0]["index"]), (1, &json!(0)));
    assert!(rejected[0]["error"].as_str().unwrap().starts_with("start_time: "), "{rejected}");
}
