//! Tests of the engine on database files.

use super::*;

fn open() -> (tempfile::TempDir, Engine) {
    let folder = tempfile::tempdir().unwrap();
    let engine = Engine::open(&folder.path().join("a.db")).unwrap();
    (folder, engine)
}

fn all(engine: &mut Engine, sql: &str, parameters: Vec<Value>) -> Result<Vec<Vec<Value>>, String> {
    engine.start(sql, parameters)?;
    std::iter::from_fn(|| engine.step().transpose()).collect()
}

fn texts(rows: Vec<Vec<Value>>) -> Vec<String> {
    rows.into_iter().flatten().map(|value| format!("{value:?}")).collect()
}

#[test]
fn values_come_back_as_they_were_given() {
    let (_folder, mut engine) = open();
    all(&mut engine, "CREATE TABLE t (a, b, c, d, e, f)", vec![]).unwrap();
    let given = || {
        vec![
            Value::Null,
            Value::Integer(i64::MIN),
            Value::Real(1.5),
            Value::Text("a\0b ä".to_owned()),
            Value::Blob(vec![0, 255]),
            Value::Blob(vec![]),
        ]
    };
    all(&mut engine, "INSERT INTO t VALUES (?, ?, ?, ?, ?, ?)", given()).unwrap();
    assert_eq!((engine.changes(), engine.last_insert_rowid()), (1, 1));
    let rows = all(&mut engine, "SELECT * FROM t", vec![]).unwrap();
    assert_eq!(texts(rows), texts(vec![given()]));
    assert_eq!(engine.start("SELECT a AS x, b FROM t", vec![]).unwrap(), ["x", "b"]);
}

#[test]
fn errors_have_the_messages_that_spin_passes_on() {
    let (_folder, mut engine) = open();
    all(&mut engine, "CREATE TABLE t (a UNIQUE)", vec![]).unwrap();
    let insert = |engine: &mut Engine| all(engine, "INSERT INTO t VALUES (1)", vec![]);
    insert(&mut engine).unwrap();
    assert_eq!(insert(&mut engine).unwrap_err(), "UNIQUE constraint failed: t.a");
    for (sql, message) in [
        ("SELEC 1", "near \"SELEC\": syntax error in SELEC 1 at offset 0"),
        ("SELECT * FROM u", "no such table: u"),
        ("SELECT ?", "Wrong number of parameters passed to query. Got 0, needed 1"),
        ("", "the text holds no SQL statement"),
    ] {
        let error = all(&mut engine, sql, vec![]).unwrap_err();
        assert!(error.contains(message), "{sql}: {error}");
    }
    assert_eq!(all(&mut engine, "SELECT a FROM t", vec![]).unwrap().len(), 1, "the connection still works");
}

#[test]
fn only_the_first_statement_runs() {
    let (_folder, mut engine) = open();
    all(&mut engine, "CREATE TABLE t (a); CREATE TABLE u (a); nonsense", vec![]).unwrap();
    assert!(all(&mut engine, "SELECT * FROM t", vec![]).is_ok());
    assert!(all(&mut engine, "SELECT * FROM u", vec![]).is_err());
}

#[test]
fn no_other_file_can_be_reached() {
    let (folder, mut engine) = open();
    let other = folder.path().join("b.db");
    for (sql, parameters) in [
        (format!("ATTACH '{}' AS b", other.display()), vec![]),
        ("ATTACH ? AS b".to_owned(), vec![Value::Text(other.display().to_string())]),
        (format!("VACUUM INTO '{}'", other.display()), vec![]),
    ] {
        let error = all(&mut engine, &sql, parameters).unwrap_err();
        assert!(error.contains("authoriz"), "{sql}: {error}");
    }
    assert!(!other.exists());
    for sql in ["ATTACH ':memory:' AS m", "VACUUM"] {
        all(&mut engine, sql, vec![]).unwrap();
    }
}

#[test]
fn the_next_statement_ends_one_that_is_not_read_to_its_end() {
    let (_folder, mut engine) = open();
    all(&mut engine, "CREATE TABLE t (a)", vec![]).unwrap();
    for number in 0..3 {
        all(&mut engine, "INSERT INTO t VALUES (?)", vec![Value::Integer(number)]).unwrap();
    }
    engine.start("SELECT a FROM t", vec![]).unwrap();
    engine.step().unwrap();
    all(&mut engine, "DROP TABLE t", vec![]).unwrap();
}

#[test]
fn the_journal_mode_is_delete_until_it_is_set() {
    let (_folder, mut engine) = open();
    let rows = all(&mut engine, "PRAGMA journal_mode", vec![]).unwrap();
    assert_eq!(texts(rows), ["Value::Text(\"delete\")"]);
}
