//! The parameters of every path, from their tables.

use gatelog_record::{FIELDS, Kind};
use gatelog_storage::scenarios::SCENARIOS;
use serde_json::{Value, json};

use super::json::{integer, with};
use super::patterns::NUMBER_OR_RANGE;
use crate::config::QueryConfig;
use crate::params::DEFAULT_PAGE_SIZE;
use crate::params::filters::{
    FIELD_FILTERS, FILTERS, FilterParameter, Operation, is_service, optional_fields,
};
use crate::params::options::{LIST_OPTIONS, ListOption, ResponseFormat, sortable};
use crate::params::time;
use crate::{scenario, values};

pub(super) fn query_parameters() -> Vec<Value> {
    let filters = filters();
    let controls = LIST_OPTIONS.iter().map(|(name, kind, doc)| control(*kind, name, doc));
    filters.chain(controls).collect()
}

/// Every filter.
pub(super) fn filters() -> impl Iterator<Item = Value> {
    let fields: Vec<&str> = optional_fields().map(|field| field.name).collect();
    let of_fields = FIELD_FILTERS.iter().map(move |(name, _, doc)| {
        let items = json!({ "type": "string", "enum": fields });
        parameter(name, doc, json!({ "type": "array", "items": items }))
    });
    FILTERS.iter().map(filter).chain(of_fields)
}

/// What a filter of services makes of its values.
const SERVICE_FORMS: &str = ", as qwen.test or as outbound|80||qwen.test, whichever is stored";

fn filter(filter: &FilterParameter) -> Value {
    let name = filter.field.name;
    let doc = filter.field.doc;
    let is_text = matches!(filter.field.kind, Kind::Text(_));
    let is_status = name == "response_code";
    let (meaning, schema) = match filter.operation {
        Operation::NotBefore => ("is this or later".to_owned(), time_schema()),
        Operation::NotAfter => ("is this or earlier".to_owned(), time_schema()),
        Operation::List | Operation::ListOfOthers => {
            let meaning = match filter.operation {
                Operation::List => "is one of these",
                _ => "is none of these, or missing",
            };
            let forms = if is_service(filter.field) { SERVICE_FORMS } else { "" };
            (format!("{meaning}{forms}"), list_schema(is_text, is_status))
        }
        Operation::Hosts | Operation::OtherHosts => {
            let meaning = match filter.operation {
                Operation::Hosts => "is one of these when its port is left out",
                _ => "is none of these when its port is left out, or missing",
            };
            (meaning.to_owned(), list_schema(true, false))
        }
        Operation::Contains => {
            ("contains this text; letters may be upper or lower case".to_owned(), json!({ "type": "string" }))
        }
        Operation::Prefix => (
            "begins with this text; letters may be upper or lower case".to_owned(),
            json!({ "type": "string" }),
        ),
        Operation::Min => ("is at least this".to_owned(), integer()),
        Operation::Max => ("is at most this".to_owned(), integer()),
        Operation::BizType => {
            let description = "MCP_SERVER: requests to MCP servers, whose path begins with /mcp-servers. MODEL_API: requests to AI models, whose record has a model.";
            return parameter(&filter.name, description, biz_type_schema());
        }
    };
    parameter(&filter.name, &format!("`{name}` {meaning}. {doc}"), schema)
}

pub(super) fn control(control: ListOption, name: &str, doc: &str) -> Value {
    let schema = match control {
        ListOption::Page => json!({ "type": "integer", "minimum": 1, "default": 1 }),
        ListOption::PageSize => {
            json!({ "type": "integer", "minimum": 1, "maximum": QueryConfig::MAX_PAGE_SIZE, "default": DEFAULT_PAGE_SIZE, "description": "The variable max_page_size sets another maximum." })
        }
        ListOption::SortBy => {
            let names: Vec<&str> = sortable().map(|field| field.name).collect();
            json!({ "type": "string", "enum": names, "default": "start_time" })
        }
        ListOption::SortOrder => {
            json!({ "type": "string", "enum": ["ASC", "DESC", "asc", "desc"], "default": "DESC" })
        }
        ListOption::Cursor => json!({ "type": "string" }),
        ListOption::Total | ListOption::PathLike => json!({ "type": "boolean" }),
        ListOption::Fields => {
            let names: Vec<&str> = FIELDS.iter().map(|field| field.name).collect();
            json!({ "type": "array", "minItems": 1, "uniqueItems": true, "items": { "type": "string", "enum": names } })
        }
        ListOption::ResponseFormat => {
            let names: Vec<&str> = ResponseFormat::ALL.iter().map(|(_, name, _)| *name).collect();
            json!({ "type": "string", "enum": names })
        }
    };
    parameter(name, doc, schema)
}

pub(super) fn scenario_parameters() -> Vec<Value> {
    let names: Vec<&str> = SCENARIOS.iter().map(|scenario| scenario.name).collect();
    let list: Vec<String> =
        SCENARIOS.iter().map(|scenario| format!("`{}`: {}", scenario.name, scenario.doc)).collect();
    let mut parameters =
        vec![path_parameter("name", &list.join("\n\n"), json!({ "type": "string", "enum": names }))];
    parameters.extend(scenario::PARAMETERS.iter().map(|(name, role)| match role {
        scenario::Role::Start => parameter(name, "`start_time` is this or later.", time_schema()),
        scenario::Role::End => parameter(name, "`start_time` is this or earlier.", time_schema()),
        scenario::Role::StartSeconds => {
            let doc = "`start_time` is this or later; a short number is in seconds. Of no effect beside startTime.";
            parameter(name, doc, time_schema())
        }
        scenario::Role::EndSeconds => {
            let doc = "`start_time` is this or earlier; a short number is in seconds. Of no effect beside endTime.";
            parameter(name, doc, time_schema())
        }
        scenario::Role::OneOf(field) => {
            let forms = if *field == "upstream_cluster" { SERVICE_FORMS } else { "" };
            parameter(name, &format!("`{field}` is one of these{forms}."), list_schema(true, false))
        }
        scenario::Role::TimeZone => {
            let doc = "The zone of times that name none, and of the times of a LINE: Asia/Shanghai, +08:00, UTC. The variable query_time_zone says it when not given.";
            parameter(name, doc, json!({ "type": "string", "examples": ["Asia/Shanghai", "+08:00", "UTC"] }))
        }
        scenario::Role::Interval => {
            let (shortest, longest) = (scenario::DEFAULT_INTERVAL_S, scenario::MAX_INTERVAL_S);
            let doc = format!(
                "Seconds between the points of a LINE. Less than 1 means {shortest}, more than {longest} means {longest}."
            );
            parameter(name, &doc, json!({ "type": "integer", "default": scenario::DEFAULT_INTERVAL_S }))
        }
        scenario::Role::BizType => {
            let by_biz_type: Vec<&str> = SCENARIOS
                .iter()
                .filter(|scenario| scenario.by_biz_type)
                .map(|scenario| scenario.name)
                .collect();
            let doc = format!(
                "Only in {}: MCP_SERVER: paths under /mcp-servers. MODEL_API, which is meant when nothing is given: `ai_log` names a model. Of no effect in the others.",
                by_biz_type.join(", ")
            );
            parameter(name, &doc, biz_type_schema())
        }
        scenario::Role::PageSize => {
            let doc = format!(
                "Most points of a LINE ({} when not given) or rows of a TABLE ({}). Of no effect in the scenarios named filter_, which have {} at most. pageSize and page_size are the same; give one of them.",
                scenario::DEFAULT_POINTS,
                scenario::DEFAULT_ROWS,
                scenario::MAX_CHOICES
            );
            parameter(name, &doc, json!({ "type": "integer", "minimum": 1, "maximum": scenario::MAX_ROWS }))
        }
    }));
    parameters
}

pub(super) fn values_parameters() -> Vec<Value> {
    let names: Vec<&str> = values::choosable().map(|field| field.name).collect();
    let mut parameters =
        vec![path_parameter("field", "The field.", json!({ "type": "string", "enum": names }))];
    let newest = gatelog_storage::query::distinct::NEWEST_RECORDS;
    parameters.extend(values::PARAMETERS.iter().map(|(name, role)| match role {
        values::Role::Start => {
            let doc = format!("Of records with this `start_time` or a later one; the newest {newest} records when not given.");
            parameter(name, &doc, time_schema())
        }
        values::Role::End => {
            parameter(name, "Of records with this `start_time` or an earlier one.", time_schema())
        }
        values::Role::Prefix => {
            let doc = "Values that begin with this text; letters may be upper or lower case. Not for response_code.";
            parameter(name, doc, json!({ "type": "string" }))
        }
        values::Role::Limit => parameter(
            name,
            "Most values.",
            json!({ "type": "integer", "minimum": 1, "maximum": values::MAX_VALUES, "default": values::DEFAULT_VALUES }),
        ),
    }));
    parameters
}

pub(super) fn parameter(name: &str, doc: &str, schema: Value) -> Value {
    let is_list = schema.get("type").is_some_and(|kind| kind == "array");
    let parameter = json!({ "name": name, "in": "query", "description": doc, "schema": schema });
    if is_list { with(with(parameter, "style", "form"), "explode", false) } else { parameter }
}

pub(super) fn path_parameter(name: &str, doc: &str, schema: Value) -> Value {
    json!({ "name": name, "in": "path", "required": true, "description": doc, "schema": schema })
}

fn time_schema() -> Value {
    json!({ "type": "string", "description": time::EXPECTED, "examples": ["2026-01-31T12:00:00Z"] })
}

fn biz_type_schema() -> Value {
    json!({ "type": "string", "enum": ["MCP_SERVER", "MODEL_API"] })
}

fn list_schema(is_text: bool, is_status: bool) -> Value {
    let items = if is_text {
        json!({ "type": "string" })
    } else if is_status {
        json!({ "type": "string", "pattern": r"^(\d{1,3}(-\d{1,3})?|[1-5](xx|XX))$", "examples": ["404", "5xx", "400-499"] })
    } else {
        json!({ "type": "string", "pattern": NUMBER_OR_RANGE, "examples": ["5", "5-10"] })
    };
    json!({ "type": "array", "items": items })
}
