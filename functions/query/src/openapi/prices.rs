//! The price table.

use gatelog_prices::prices::Prices;
use gatelog_prices::tokens::Tokens;
use serde_json::{Map, Value, json};

use super::json::{integer, object, reference, with};
use crate::cost::Reason;

/// The schemas of the price table and its lines.
pub(super) fn price_schemas() -> Map<String, Value> {
    let text = json!({ "type": "string" });
    let schemas = [
        (
            "Prices",
            object(
                &["status", "version", "currency", "source", "models"],
                json!({
                    "status": { "const": "success" },
                    "version": { "type": "string", "description": "With own prices that of the default table, a + and that of the own." },
                    "currency": { "type": "string", "description": "ISO 4217." },
                    "source": text,
                    "models": { "type": "array", "items": reference("Price") }
                }),
            ),
        ),
        ("Price", price()),
        ("Cost", cost()),
        ("ServiceTier", service_tier()),
        ("PriceTier", object(&[], Value::Object(amounts()))),
    ];
    schemas.into_iter().map(|(name, schema)| (name.to_owned(), schema)).collect()
}

fn price() -> Value {
    let mut properties = amounts();
    for (name, schema) in [
        (
            "match",
            json!({ "type": "string", "description": "The models: a name, in which * stands for any characters." }),
        ),
        ("provider", json!({ "type": "string", "description": "The only provider that the line is for." })),
        (
            "from",
            json!({ "type": "string", "format": "date", "description": "From when on the line applies, UTC." }),
        ),
        (
            "service_tiers",
            json!({
                "type": "object",
                "description": "Other prices by service_tier.",
                "additionalProperties": reference("ServiceTier")
            }),
        ),
        (
            "price_id",
            json!({ "type": "string", "description": "The field price_id of records with this price." }),
        ),
    ] {
        properties.insert(name.to_owned(), schema);
    }
    with(
        object(&["match", "price_id"], Value::Object(properties)),
        "description",
        "What calls of some models cost.",
    )
}

fn cost() -> Value {
    let count = with(integer(), "minimum", 0);
    let decimal = |doc: &str| json!({ "type": "string", "description": doc });
    let kinds: Vec<&str> = Tokens::default().charges(&Prices::default()).map(|charge| charge.kind).to_vec();
    let reasons: Vec<&str> = Reason::ALL.map(|(_, name)| name).to_vec();
    let charge = object(
        &["kind", "tokens"],
        json!({
            "kind": { "type": "string", "enum": kinds, "description": "undivided: only the sum of input and output is known." },
            "tokens": count,
            "price": decimal("What a million of them costs, before the factor."),
            "amount": decimal("Tokens times price times factor, exactly.")
        }),
    );
    object(
        &["record_id", "cost_nano", "price_id", "currency", "agrees", "charges", "status"],
        json!({
            "record_id": { "type": "string" },
            "cost_nano": { "type": ["integer", "null"], "format": "int64", "description": "The cost of the record." },
            "price_id": { "type": ["string", "null"] },
            "currency": { "type": "string", "description": "ISO 4217." },
            "agrees": { "type": "boolean", "description": "Whether the sum is the cost of the record." },
            "reason": { "type": "string", "enum": reasons, "description": "Why it is not. unknown_price: the table has no line any more with the price_id; changed_price: the line has other prices now." },
            "line": reference("Price"),
            "above_input_tokens": with(count, "description", "The bound that the input is over, whose prices apply."),
            "service_tier": { "type": "string", "description": "The class of service whose prices or factor apply." },
            "factor": decimal("What the prices are multiplied by; 1 when not given."),
            "charges": { "type": "array", "items": charge, "description": "The kinds of tokens that there are." },
            "sum_nano": with(integer(), "description", "The sum of the amounts, rounded once."),
            "status": { "const": "success" }
        }),
    )
}

fn service_tier() -> Value {
    let mut properties = amounts();
    let factor = json!({ "type": "string", "description": "So many times the prices of the line; there are no others then." });
    properties.insert("factor".to_owned(), factor);
    object(&[], Value::Object(properties))
}

/// The members that say prices.
fn amounts() -> Map<String, Value> {
    let amount =
        json!({ "type": "string", "description": "A decimal number of the currency, for a million tokens." });
    let kinds = Prices::default().by_key();
    let mut amounts: Map<String, Value> =
        kinds.into_iter().map(|(key, _)| (key.to_owned(), amount.clone())).collect();
    amounts.insert("above_input_tokens".to_owned(), integer());
    amounts.insert("above".to_owned(), reference("PriceTier"));
    amounts
}
