//! Host side of Spin's interfaces, generated from `spin-host/wit`.

#[allow(clippy::all, reason = "generated code")]
mod generated {
    wasmtime::component::bindgen!({
        path: "wit",
        world: "gatelog:local-host/spin",
        imports: {
            "spin:mysql/mysql.[static]connection.open": store | trappable,
            "spin:mysql/mysql.[method]connection.query": store | trappable,
            "spin:mysql/mysql.[method]connection.execute": store | trappable,
            "spin:mysql/mysql.[drop]connection": async | trappable,
            "spin:sqlite/sqlite.[static]connection.open": async | trappable,
            "spin:sqlite/sqlite.[method]connection.execute": async | trappable,
            "spin:sqlite/sqlite.[method]connection.last-insert-rowid": async | trappable,
            "spin:sqlite/sqlite.[method]connection.changes": async | trappable,
            "spin:sqlite/sqlite.[static]connection.open-async": store | trappable,
            "spin:sqlite/sqlite.[method]connection.execute-async": store | trappable,
            "spin:sqlite/sqlite.[method]connection.last-insert-rowid-async": store | trappable,
            "spin:sqlite/sqlite.[method]connection.changes-async": store | trappable,
            "spin:variables/variables.get": store | trappable,
            default: trappable,
        },
    });
}

pub use generated::spin::{mysql::mysql, sqlite::sqlite, variables::variables};
