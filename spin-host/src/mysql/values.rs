//! Converts values and columns between MySQL's protocol and the interface.

use mysql_async::consts::{ColumnFlags, ColumnType};
use mysql_async::prelude::FromValue;

use crate::bindings::mysql::{Column, DbDataType, DbValue, Error, ParameterValue};

/// A column as the component sees it.
pub(super) fn column(column: &mysql_async::Column) -> Column {
    Column { name: column.name_str().into_owned(), data_type: data_type(column) }
}

fn data_type(column: &mysql_async::Column) -> DbDataType {
    let unsigned = column.flags().contains(ColumnFlags::UNSIGNED_FLAG);
    let binary = column.flags().contains(ColumnFlags::BINARY_FLAG);
    match (column.column_type(), unsigned, binary) {
        (ColumnType::MYSQL_TYPE_DOUBLE, ..) => DbDataType::Floating64,
        (ColumnType::MYSQL_TYPE_FLOAT, ..) => DbDataType::Floating32,
        (ColumnType::MYSQL_TYPE_INT24 | ColumnType::MYSQL_TYPE_LONG, false, _) => DbDataType::Int32,
        (ColumnType::MYSQL_TYPE_INT24 | ColumnType::MYSQL_TYPE_LONG, true, _) => DbDataType::Uint32,
        (ColumnType::MYSQL_TYPE_LONGLONG, false, _) => DbDataType::Int64,
        (ColumnType::MYSQL_TYPE_LONGLONG, true, _) => DbDataType::Uint64,
        (ColumnType::MYSQL_TYPE_SHORT, false, _) => DbDataType::Int16,
        (ColumnType::MYSQL_TYPE_SHORT, true, _) => DbDataType::Uint16,
        (ColumnType::MYSQL_TYPE_TINY, false, _) => DbDataType::Int8,
        (ColumnType::MYSQL_TYPE_TINY, true, _) => DbDataType::Uint8,
        (
            ColumnType::MYSQL_TYPE_BLOB | ColumnType::MYSQL_TYPE_STRING | ColumnType::MYSQL_TYPE_VAR_STRING,
            _,
            false,
        ) => DbDataType::Str,
        (
            ColumnType::MYSQL_TYPE_BLOB | ColumnType::MYSQL_TYPE_STRING | ColumnType::MYSQL_TYPE_VAR_STRING,
            ..,
        ) => DbDataType::Binary,
        // MEDIUM_BLOB and LONG_BLOB too: Spin is meant to read them as bytes but does not, because its client does not
        // treat them as character types.
        _ => DbDataType::Other,
    }
}

/// The values of a row, or why one cannot be returned.
pub(super) fn row(row: mysql_async::Row, columns: &[Column]) -> Result<Vec<DbValue>, Error> {
    row.unwrap().into_iter().zip(columns).map(|(value, column)| read(value, column)).collect()
}

fn read(value: mysql_async::Value, column: &Column) -> Result<DbValue, Error> {
    if value == mysql_async::Value::NULL {
        return Ok(DbValue::DbNull);
    }
    match column.data_type {
        DbDataType::Boolean => to(value).map(DbValue::Boolean),
        DbDataType::Int8 => to(value).map(DbValue::Int8),
        DbDataType::Int16 => to(value).map(DbValue::Int16),
        DbDataType::Int32 => to(value).map(DbValue::Int32),
        DbDataType::Int64 => to(value).map(DbValue::Int64),
        DbDataType::Uint8 => to(value).map(DbValue::Uint8),
        DbDataType::Uint16 => to(value).map(DbValue::Uint16),
        DbDataType::Uint32 => to(value).map(DbValue::Uint32),
        DbDataType::Uint64 => to(value).map(DbValue::Uint64),
        DbDataType::Floating32 => to(value).map(DbValue::Floating32),
        DbDataType::Floating64 => to(value).map(DbValue::Floating64),
        DbDataType::Str => to(value).map(DbValue::Str),
        DbDataType::Binary => to(value).map(DbValue::Binary),
        DbDataType::Other => Err(Error::ValueConversionFailed(format!(
            "the value in column {} is of a type that Spin does not decode",
            column.name
        ))),
    }
}

fn to<T: FromValue>(value: mysql_async::Value) -> Result<T, Error> {
    mysql_async::from_value_opt(value).map_err(|error| Error::ValueConversionFailed(error.to_string()))
}

/// Bytes that a row takes in memory.
pub(super) fn size(row: &[DbValue]) -> usize {
    let heap = |value: &DbValue| match value {
        DbValue::Str(text) => text.len(),
        DbValue::Binary(bytes) => bytes.len(),
        _ => 0,
    };
    row.iter().map(|value| size_of::<DbValue>() + heap(value)).sum()
}

/// A value to bind.
pub(super) fn bound(value: ParameterValue) -> mysql_async::Value {
    match value {
        ParameterValue::Boolean(flag) => flag.into(),
        ParameterValue::Int8(number) => number.into(),
        ParameterValue::Int16(number) => number.into(),
        ParameterValue::Int32(number) => number.into(),
        ParameterValue::Int64(number) => number.into(),
        ParameterValue::Uint8(number) => number.into(),
        ParameterValue::Uint16(number) => number.into(),
        ParameterValue::Uint32(number) => number.into(),
        ParameterValue::Uint64(number) => number.into(),
        ParameterValue::Floating32(number) => number.into(),
        ParameterValue::Floating64(number) => number.into(),
        ParameterValue::Str(text) => text.into(),
        ParameterValue::Binary(bytes) => bytes.into(),
        ParameterValue::DbNull => mysql_async::Value::NULL,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_as(column_type: ColumnType, flags: ColumnFlags) -> DbDataType {
        data_type(&mysql_async::Column::new(column_type).with_flags(flags))
    }

    #[test]
    fn columns_are_read_as_spin_reads_them() {
        use ColumnType as T;
        let none = ColumnFlags::empty();
        for (column_type, text, binary) in [
            (T::MYSQL_TYPE_STRING, DbDataType::Str, DbDataType::Binary),
            (T::MYSQL_TYPE_VAR_STRING, DbDataType::Str, DbDataType::Binary),
            (T::MYSQL_TYPE_BLOB, DbDataType::Str, DbDataType::Binary),
            (T::MYSQL_TYPE_VARCHAR, DbDataType::Other, DbDataType::Other),
            (T::MYSQL_TYPE_TINY_BLOB, DbDataType::Other, DbDataType::Other),
            (T::MYSQL_TYPE_MEDIUM_BLOB, DbDataType::Other, DbDataType::Other),
            (T::MYSQL_TYPE_LONG_BLOB, DbDataType::Other, DbDataType::Other),
            (T::MYSQL_TYPE_JSON, DbDataType::Other, DbDataType::Other),
            (T::MYSQL_TYPE_NEWDECIMAL, DbDataType::Other, DbDataType::Other),
            (T::MYSQL_TYPE_DATETIME, DbDataType::Other, DbDataType::Other),
            (T::MYSQL_TYPE_YEAR, DbDataType::Other, DbDataType::Other),
            (T::MYSQL_TYPE_ENUM, DbDataType::Other, DbDataType::Other),
        ] {
            assert_eq!(read_as(column_type, none), text, "{column_type:?}");
            assert_eq!(read_as(column_type, ColumnFlags::BINARY_FLAG), binary, "{column_type:?}, binary");
        }
        for (column_type, signed, unsigned) in [
            (T::MYSQL_TYPE_TINY, DbDataType::Int8, DbDataType::Uint8),
            (T::MYSQL_TYPE_SHORT, DbDataType::Int16, DbDataType::Uint16),
            (T::MYSQL_TYPE_INT24, DbDataType::Int32, DbDataType::Uint32),
            (T::MYSQL_TYPE_LONG, DbDataType::Int32, DbDataType::Uint32),
            (T::MYSQL_TYPE_LONGLONG, DbDataType::Int64, DbDataType::Uint64),
            (T::MYSQL_TYPE_FLOAT, DbDataType::Floating32, DbDataType::Floating32),
            (T::MYSQL_TYPE_DOUBLE, DbDataType::Floating64, DbDataType::Floating64),
        ] {
            assert_eq!(read_as(column_type, none), signed, "{column_type:?}");
            assert_eq!(
                read_as(column_type, ColumnFlags::UNSIGNED_FLAG),
                unsigned,
                "{column_type:?}, unsigned"
            );
        }
    }

    #[test]
    fn a_null_is_returned_whatever_its_column_type() {
        let column = column(&mysql_async::Column::new(ColumnType::MYSQL_TYPE_LONG_BLOB).with_name(b"x"));
        assert!(matches!(read(mysql_async::Value::NULL, &column), Ok(DbValue::DbNull)));
        let error = read(mysql_async::Value::Bytes(b"text".to_vec()), &column).unwrap_err();
        assert!(matches!(error, Error::ValueConversionFailed(_)), "{error:?}");
    }
}
