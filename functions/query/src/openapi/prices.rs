//! The price table.

use gatelog_prices::prices::Prices;
use serde_json::{Map, Value, json};

use super::json::{integer, object, reference, with};

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
