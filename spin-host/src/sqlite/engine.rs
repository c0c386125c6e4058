//! One SQLite connection, on the SQLite that libSQL embeds.
//!
//! The safe interface of the `libsql` crate ends a text at its first NUL character and leaves out SQLite's error
//! positions. A component must get the same results as from Spin, so this file, and only this file, calls the C
//! functions directly.

#![expect(unsafe_code, reason = "SQLite is a C library; every call is wrapped in a safe method of this file")]

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::path::Path;
use std::ptr::NonNull;
use std::sync::OnceLock;
use std::time::Duration;

use futures::FutureExt as _;
use libsql::ffi;

use crate::bindings::sqlite::Value;

/// How long a statement waits for another connection's lock.
pub(super) const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Prepared statements kept per connection.
const MAX_CACHED_STATEMENTS: usize = 16;

/// A connection and at most one running statement. Errors are SQLite's messages, as Spin passes them on.
pub(super) struct Engine {
    database: NonNull<ffi::sqlite3>,
    running: Option<Running>,
    /// The most recently used is last.
    cached: Vec<Statement>,
}

// SAFETY: the pointers are used through `&mut self` or `&self` of this one owner only, and SQLite lets a
// connection move between threads.
unsafe impl Send for Engine {}

struct Statement {
    handle: NonNull<ffi::sqlite3_stmt>,
    sql: String,
}

/// The parameters stay here while SQLite holds pointers into them.
struct Running {
    statement: Statement,
    _parameters: Vec<Value>,
}

impl Engine {
    /// Opens a database file, which is created if it does not exist.
    pub(super) fn open(file: &Path) -> Result<Self, String> {
        set_up()?;
        let name = CString::new(file.as_os_str().as_encoded_bytes()).map_err(|error| error.to_string())?;
        let flags = ffi::SQLITE_OPEN_READWRITE | ffi::SQLITE_OPEN_CREATE | ffi::SQLITE_OPEN_NOMUTEX;
        let mut database = std::ptr::null_mut();
        // SAFETY: `name` is a C string, `database` a valid place for the result.
        let code = unsafe { ffi::sqlite3_open_v2(name.as_ptr(), &raw mut database, flags, std::ptr::null()) };
        let Some(database) = NonNull::new(database) else {
            return Err("out of memory".to_owned());
        };
        let engine = Self { database, running: None, cached: Vec::new() };
        if code != ffi::SQLITE_OK {
            return Err(format!("{}: {}", engine.message(), file.display()));
        }
        let timeout_ms = c_int::try_from(BUSY_TIMEOUT.as_millis()).unwrap_or(c_int::MAX);
        // SAFETY: the connection is open; the callback is a function that touches only its arguments.
        unsafe {
            ffi::sqlite3_busy_timeout(database.as_ptr(), timeout_ms);
            ffi::sqlite3_set_authorizer(database.as_ptr(), Some(authorize), std::ptr::null_mut());
        }
        Ok(engine)
    }

    /// Prepares the first statement of `sql` and returns the names of its columns. Nothing runs before
    /// [`Engine::step`].
    pub(super) fn start(&mut self, sql: &str, parameters: Vec<Value>) -> Result<Vec<String>, String> {
        self.finish();
        let statement = match self.cached.iter().position(|cached| cached.sql == sql) {
            Some(index) => self.cached.remove(index),
            None => self.prepare(sql)?,
        };
        let wanted = statement.parameter_count();
        if wanted != parameters.len() {
            let given = parameters.len();
            self.keep(statement);
            return Err(format!("Wrong number of parameters passed to query. Got {given}, needed {wanted}"));
        }
        let running = self.running.insert(Running { statement, _parameters: parameters });
        for (index, value) in (1..).zip(&running._parameters) {
            if running.statement.bind(index, value) != ffi::SQLITE_OK {
                let message = self.message();
                self.finish();
                return Err(message);
            }
        }
        Ok(running.statement.columns())
    }

    /// The next row of the running statement, or `None` when it is done. An error also ends it.
    pub(super) fn step(&mut self) -> Result<Option<Vec<Value>>, String> {
        let Some(running) = &self.running else { return Ok(None) };
        let handle = running.statement.handle.as_ptr();
        // SAFETY: the statement is prepared and its parameters are alive.
        match unsafe { ffi::sqlite3_step(handle) } {
            ffi::SQLITE_ROW => running.statement.row().map(Some),
            ffi::SQLITE_DONE => {
                self.finish();
                Ok(None)
            }
            _ => {
                let message = self.message();
                self.finish();
                Err(message)
            }
        }
    }

    /// Ends the running statement, if any, and keeps it for reuse.
    pub(super) fn finish(&mut self) {
        if let Some(Running { statement, _parameters }) = self.running.take() {
            // SAFETY: the statement is prepared; after this SQLite holds no pointer to the parameters.
            unsafe {
                ffi::sqlite3_reset(statement.handle.as_ptr());
                ffi::sqlite3_clear_bindings(statement.handle.as_ptr());
            }
            self.keep(statement);
        }
    }

    /// Rows changed by the last INSERT, UPDATE or DELETE.
    pub(super) fn changes(&self) -> u64 {
        // SAFETY: the connection is open.
        u64::try_from(unsafe { ffi::sqlite3_changes64(self.database.as_ptr()) }).unwrap_or(0)
    }

    /// Row id of the last inserted row.
    pub(super) fn last_insert_rowid(&self) -> i64 {
        // SAFETY: the connection is open.
        unsafe { ffi::sqlite3_last_insert_rowid(self.database.as_ptr()) }
    }

    fn prepare(&self, sql: &str) -> Result<Statement, String> {
        let length = c_int::try_from(sql.len()).map_err(|_| "string or blob too big".to_owned())?;
        let flags = ffi::SQLITE_PREPARE_PERSISTENT.unsigned_abs();
        let mut handle = std::ptr::null_mut();
        // SAFETY: the text is passed with its length; the rest after the first statement is not read.
        let code = unsafe {
            ffi::sqlite3_prepare_v3(
                self.database.as_ptr(),
                sql.as_ptr().cast::<c_char>(),
                length,
                flags,
                &raw mut handle,
                std::ptr::null_mut(),
            )
        };
        if code != ffi::SQLITE_OK {
            let message = self.message();
            // SAFETY: the connection is open.
            let offset = unsafe { ffi::sqlite3_error_offset(self.database.as_ptr()) };
            return Err(match offset {
                0.. if code == ffi::SQLITE_ERROR => format!("{message} in {sql} at offset {offset}"),
                _ => message,
            });
        }
        let handle = NonNull::new(handle).ok_or_else(|| "the text holds no SQL statement".to_owned())?;
        Ok(Statement { handle, sql: sql.to_owned() })
    }

    fn keep(&mut self, statement: Statement) {
        if self.cached.len() == MAX_CACHED_STATEMENTS {
            self.cached.remove(0);
        }
        self.cached.push(statement);
    }

    fn message(&self) -> String {
        // SAFETY: the connection is open; the text is copied before the next call on it.
        unsafe { text_of(ffi::sqlite3_errmsg(self.database.as_ptr())) }
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.finish();
        self.cached.clear();
        // SAFETY: all statements are finalised and the connection is no longer in use.
        unsafe { ffi::sqlite3_close_v2(self.database.as_ptr()) };
    }
}

impl Statement {
    fn parameter_count(&self) -> usize {
        // SAFETY: the statement is prepared.
        usize::try_from(unsafe { ffi::sqlite3_bind_parameter_count(self.handle.as_ptr()) }).unwrap_or(0)
    }

    /// Texts and blobs are not copied: the caller keeps them until [`Engine::finish`].
    fn bind(&self, index: c_int, value: &Value) -> c_int {
        let handle = self.handle.as_ptr();
        let length = |bytes: usize| c_int::try_from(bytes).unwrap_or(c_int::MAX);
        // SAFETY: the pointers are passed with their lengths and outlive the binding, see `Running`.
        unsafe {
            match value {
                Value::Null => ffi::sqlite3_bind_null(handle, index),
                Value::Integer(value) => ffi::sqlite3_bind_int64(handle, index, *value),
                Value::Real(value) => ffi::sqlite3_bind_double(handle, index, *value),
                Value::Text(text) => ffi::sqlite3_bind_text(
                    handle,
                    index,
                    text.as_ptr().cast::<c_char>(),
                    length(text.len()),
                    None,
                ),
                Value::Blob(blob) => ffi::sqlite3_bind_blob(
                    handle,
                    index,
                    blob.as_ptr().cast::<c_void>(),
                    length(blob.len()),
                    None,
                ),
            }
        }
    }

    fn columns(&self) -> Vec<String> {
        let handle = self.handle.as_ptr();
        // SAFETY: the statement is prepared and the index is below the count.
        unsafe {
            (0..ffi::sqlite3_column_count(handle))
                .map(|index| text_of(ffi::sqlite3_column_name(handle, index)))
                .collect()
        }
    }

    fn row(&self) -> Result<Vec<Value>, String> {
        // SAFETY: the statement is prepared.
        let count = unsafe { ffi::sqlite3_data_count(self.handle.as_ptr()) };
        (0..count).map(|index| self.value(index)).collect()
    }

    fn value(&self, index: c_int) -> Result<Value, String> {
        let handle = self.handle.as_ptr();
        // SAFETY: the statement is at a row that has this column; pointers are used before the next step.
        unsafe {
            Ok(match ffi::sqlite3_column_type(handle, index) {
                ffi::SQLITE_INTEGER => Value::Integer(ffi::sqlite3_column_int64(handle, index)),
                ffi::SQLITE_FLOAT => Value::Real(ffi::sqlite3_column_double(handle, index)),
                ffi::SQLITE_TEXT => {
                    let start = ffi::sqlite3_column_text(handle, index);
                    let bytes = bytes_of(start, ffi::sqlite3_column_bytes(handle, index));
                    let text = std::str::from_utf8(bytes).map_err(|error| {
                        format!("column {index} holds a text that is not UTF-8 ({error}); Spin stops here with a panic")
                    })?;
                    Value::Text(text.to_owned())
                }
                ffi::SQLITE_BLOB => {
                    let start = ffi::sqlite3_column_blob(handle, index).cast::<u8>();
                    Value::Blob(bytes_of(start, ffi::sqlite3_column_bytes(handle, index)).to_vec())
                }
                _ => Value::Null,
            })
        }
    }
}

impl Drop for Statement {
    fn drop(&mut self) {
        // SAFETY: this value owns the handle, which is not used again.
        unsafe { ffi::sqlite3_finalize(self.handle.as_ptr()) };
    }
}

/// Refuses to attach files, which would open databases that the manifest does not grant. Temporary and
/// in-memory databases are allowed, as in Spin; `VACUUM` needs them.
unsafe extern "C" fn authorize(
    _: *mut c_void,
    action: c_int,
    name: *const c_char,
    _: *const c_char,
    _: *const c_char,
    _: *const c_char,
) -> c_int {
    if action != ffi::SQLITE_ATTACH {
        return ffi::SQLITE_OK;
    }
    // SAFETY: SQLite passes a C string or null; null means that the name is computed and not known yet.
    let harmless = !name.is_null() && matches!(unsafe { CStr::from_ptr(name) }.to_bytes(), b"" | b":memory:");
    if harmless { ffi::SQLITE_OK } else { ffi::SQLITE_DENY }
}

/// Lets the `libsql` crate set up the library before the library is used. It refuses to do so afterwards, and
/// tools and tests use both in one process.
fn set_up() -> Result<(), String> {
    static SET_UP: OnceLock<Result<(), String>> = OnceLock::new();
    SET_UP
        .get_or_init(|| match libsql::Builder::new_local(":memory:").build().now_or_never() {
            Some(Ok(_)) => Ok(()),
            Some(Err(error)) => Err(error.to_string()),
            None => Err("libSQL did not finish its set-up".to_owned()),
        })
        .clone()
}

/// SAFETY: `text` is null or a C string that lives during the call.
unsafe fn text_of(text: *const c_char) -> String {
    if text.is_null() {
        return String::new();
    }
    // SAFETY: as above.
    unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned()
}

/// SAFETY: `start` is null or points to `length` bytes that live for `'a`.
unsafe fn bytes_of<'a>(start: *const u8, length: c_int) -> &'a [u8] {
    match usize::try_from(length) {
        // SAFETY: as above.
        Ok(length) if !start.is_null() => unsafe { std::slice::from_raw_parts(start, length) },
        _ => &[],
    }
}

#[cfg(test)]
mod tests;
