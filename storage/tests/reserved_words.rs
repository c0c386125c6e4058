//! No name in gatelog's SQL is a word that MySQL reserves. Which words those are, `tests/mysql/reserved_words.txt` says.

#![expect(clippy::unwrap_used, reason = "a test ends where its set-up fails")]

use std::cell::RefCell;
use std::collections::BTreeSet;

use gatelog_databases::{MariaDb, MySql};
use gatelog_storage::driver::native_mysql::NativeMysql;
use gatelog_storage::{Dialect, Executor, Rows, Statement, StorageError, schema};

const RESERVED: &str = include_str!("mysql/reserved_words.txt");

/// What was last reviewed of all questions and changes, and the schema.
const REVIEWED: &[(&str, &str)] = &[
    ("mysql.sql", include_str!("sql/mysql.sql")),
    ("mysql-query.sql", include_str!("sql/mysql-query.sql")),
    ("mysql-aggregates.sql", include_str!("sql/mysql-aggregates.sql")),
    ("the schema", include_str!("../../deploy/schema/mysql.sql")),
];

#[test]
fn no_name_in_the_reviewed_sql_is_reserved() {
    for (file, sql) in REVIEWED {
        assert_eq!(reserved_names(sql), BTreeSet::new(), "{file}");
    }
}

/// MariaDB reserves fewer words, so there the upgrade goes on where MySQL would refuse it.
#[tokio::test(flavor = "current_thread")]
async fn no_name_in_the_sql_of_an_upgrade_is_reserved() {
    let server = MariaDb::shared().unwrap();
    for table in [include_str!("tables/reference_readme.sql"), include_str!("tables/reference_narrow.sql")] {
        let url = server.database().unwrap();
        let name = url.rsplit('/').next().unwrap();
        server.sql(&format!("USE {name}; {table}")).unwrap();
        let recorder = Recorder { inner: NativeMysql::connect(&url).await.unwrap(), sql: RefCell::default() };
        schema::ensure(&recorder).await.unwrap();
        let sql = recorder.sql.into_inner();
        assert!(sql.contains("ALTER TABLE") && sql.contains("ADD UNIQUE INDEX"), "{sql}");
        assert_eq!(reserved_names(&sql), BTreeSet::new());
    }
}

/// What the server says of its words has been wrong in other releases, so each is also tried as a name.
#[test]
fn the_list_holds_every_word_that_mysql_does_not_take_for_a_name() {
    let server = MySql::shared().unwrap();
    let words = server.sql("SELECT word FROM information_schema.keywords").unwrap();
    let words: Vec<&str> = words.lines().collect();
    assert!(words.len() > 500, "{}", words.len());
    let mut script = String::from(
        "CREATE DATABASE words; USE words;\nDELIMITER //\nCREATE PROCEDURE attempt(word TEXT, statement TEXT) BEGIN \
         DECLARE EXIT HANDLER FOR 1064 SELECT word; SET @statement = REPLACE(statement, 'WORD', word); \
         PREPARE attempted FROM @statement; DEALLOCATE PREPARE attempted; END//\nDELIMITER ;\n",
    );
    for word in &words {
        for statement in ["SELECT 1 AS WORD", "CREATE TABLE t (WORD INT)", "WITH WORD AS (SELECT 1) SELECT 1"]
        {
            script.push_str(&format!("CALL attempt('{word}', '{statement}');\n"));
        }
    }
    let refused = server.sql(&script).unwrap();
    let refused: BTreeSet<String> = refused.lines().map(str::to_lowercase).collect();
    let says = server.sql("SELECT word FROM information_schema.keywords WHERE reserved = 1").unwrap();
    let says: BTreeSet<String> = says.lines().map(str::to_lowercase).collect();
    assert!(refused.len() > 200, "{refused:?}");
    let listed = reserved_words();
    let missing: Vec<&String> = refused.union(&says).filter(|word| !listed.contains(*word)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn a_reserved_word_is_found_wherever_a_name_can_be() {
    for (sql, expected) in [
        ("SELECT ROW_COUNT() AS stored, a AS of FROM t", "of stored"),
        ("SELECT rank FROM t AS manual WHERE 'of' = \"of\" AND `of` = 1", "manual rank"),
        ("-- of\n-- then: SELECT 1 AS groups\nALTER TABLE t ADD COLUMN lead INT", "groups lead"),
        ("SELECT t.of, json_table(1) FROM t", ""),
    ] {
        let found = reserved_names(sql);
        assert_eq!(found.into_iter().collect::<Vec<_>>().join(" "), expected, "{sql}");
    }
}

/// The names in SQL that are reserved. Names are the words in small letters, by the habit of this project; those that
/// follow a point are never taken for anything else, and those before a bracket are functions.
fn reserved_names(sql: &str) -> BTreeSet<String> {
    let reserved = reserved_words();
    let code = without_texts_and_comments(sql);
    let mut names = BTreeSet::new();
    let mut before = ' ';
    let mut rest = code.as_str();
    while let Some(start) = rest.find(|c: char| c.is_ascii_alphanumeric() || c == '_') {
        before = rest.get(..start).and_then(|gap| gap.chars().next_back()).unwrap_or(before);
        let word = rest.get(start..).unwrap();
        let end = word.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(word.len());
        let (word, after) = word.split_at(end);
        if before != '.' && !after.starts_with('(') && reserved.contains(word) {
            names.insert(word.to_owned());
        }
        before = ' ';
        rest = after;
    }
    names
}

fn reserved_words() -> BTreeSet<String> {
    RESERVED.lines().filter(|line| !line.starts_with('#')).map(str::to_lowercase).collect()
}

/// SQL without what is between quotes, and without the lines of comments, but with the statements that follow others.
fn without_texts_and_comments(sql: &str) -> String {
    let lines = sql.lines().map(|line| line.strip_prefix("-- then: ").unwrap_or(line));
    let lines = lines.filter(|line| !line.starts_with("--"));
    let mut code = String::new();
    let mut quote = None;
    for c in lines.flat_map(|line| line.chars().chain(['\n'])) {
        match quote {
            Some(open) if open == c => quote = None,
            Some(_) => {}
            None if matches!(c, '\'' | '"' | '`') => quote = Some(c),
            None => code.push(c),
        }
    }
    code
}

/// A connection that notes what it is asked.
struct Recorder {
    inner: NativeMysql,
    sql: RefCell<String>,
}

impl Recorder {
    fn note(&self, statement: &Statement<'_>) {
        let mut sql = self.sql.borrow_mut();
        for text in [Some(statement.sql()), statement.follow_up()].into_iter().flatten() {
            sql.push_str(text);
            sql.push_str(";\n");
        }
    }
}

impl Executor for Recorder {
    fn dialect(&self) -> Dialect {
        self.inner.dialect()
    }

    async fn run(&self, statement: &Statement<'_>) -> Result<Rows, StorageError> {
        self.note(statement);
        self.inner.run(statement).await
    }
}
