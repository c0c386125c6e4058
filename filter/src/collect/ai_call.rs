//! The fields of a model call: whether the stream is one, and the values from its bodies, path and host.

use std::borrow::Cow;

use gatelog_record::{AccessRecord, higress};

use crate::ai::usage::{Findings, Source, Usage};
use crate::ai::{paths, provider};
use crate::collect::attributes::{Attributes, borrowed, millis, text};
use crate::collect::request_headers::Name;
use crate::stream::Stream;

/// The header in which Higress's model router names the chosen provider.
const LLM_PROVIDER: &str = "x-higress-llm-provider";

/// True on a path or route of AI calls if the request or the response looks like an AI call, or neither can be read; on any
/// other path, if both look like one.
pub fn is_one(record: &AccessRecord<'_>, stream: &Stream, attributes: &Attributes<'_>) -> bool {
    let is_place = stream.is_on_ai_path()
        || attributes.headers.get(Name::LlmModel).is_some()
        || higress::is_ai_route(&record.route);
    let answers = stream.response().is_some_and(Findings::is_ai);
    if !is_place {
        return answers && stream.request().is_some_and(|body| body.model.is_some() && body.is_question);
    }
    let is_upload = stream.is_ai_upload() && (200..300).contains(&attributes.code);
    let asks = stream.request().is_some_and(|body| body.is_question);
    answers
        || is_upload
        || asks
        || stream.is_request_opaque()
        || requested_model(stream, attributes).is_some()
}

/// The requested model: from the body, from the path, or as read by Higress's model router.
fn requested_model<'a>(stream: &'a Stream, attributes: &Attributes<'a>) -> Option<Cow<'a, str>> {
    let named = stream.request().and_then(|body| body.model.as_deref()).map(Cow::Borrowed);
    let routed = || attributes.headers.get(Name::LlmModel).map(|model| text(Some(model)));
    named.or_else(|| in_path(attributes, paths::model)).or_else(routed)
}

fn in_path<'a>(
    attributes: &Attributes<'a>,
    model: impl Fn(&str) -> Option<Cow<'_, str>>,
) -> Option<Cow<'a, str>> {
    model(&text(attributes.headers.get(Name::Path))).map(|model| Cow::Owned(model.into_owned()))
}

/// Fills in the models, and the values missing from `ai_log`.
pub fn fill<'a>(record: &mut AccessRecord<'a>, stream: &'a Stream, attributes: &Attributes<'a>) {
    let response = stream.response();
    record.response_model = response.and_then(|body| body.model.as_deref()).unwrap_or_default().into();
    // Higress's plugins log the model that answered.
    if let Some(model) = requested_model(stream, attributes) {
        record.model = model;
    }
    if record.model.is_empty() {
        record.model = record.response_model.clone();
    }
    if record.model.is_empty() {
        record.model =
            in_path(attributes, |path| paths::other_model(path).map(Cow::Borrowed)).unwrap_or_default();
    }
    if record.session_id.is_empty() {
        record.session_id = text(attributes.headers.get(Name::Session));
    }
    if record.response_type.is_empty() && stream.has_answer() {
        record.response_type = if stream.is_streamed() { "stream" } else { "normal" }.into();
    }
    record.time_to_first_token = record
        .time_to_first_token
        .or_else(|| stream.first_token().map(|first| millis(first.since(attributes.started))));
    record.provider = provider(record, response, attributes);
    if let Some(body) = response {
        let is_cut = attributes.flags != 0 || stream.is_response_cut();
        fill_from_answer(record, body, stream.is_streamed(), is_cut);
    }
    let has_counts = [record.input_tokens, record.output_tokens, record.total_tokens]
        .into_iter()
        .flatten()
        .next()
        .is_some();
    if record.usage_source.is_empty() && has_counts {
        record.usage_source = Source::Reported.name().into();
    }
}

fn fill_from_answer<'a>(record: &mut AccessRecord<'a>, body: &'a Findings, is_streamed: bool, is_cut: bool) {
    if record.chat_id.is_empty() {
        record.chat_id = body.id().unwrap_or_default().into();
    }
    record.finish_reason = body.ended_by().unwrap_or_default().into();
    record.service_tier = borrowed(&body.service_tier);
    let source = body.source(is_streamed, is_cut);
    let usage = match body.usage() {
        // Some providers write zeros until they have counted.
        usage if source == Some(Source::Partial) && usage.is_zero() => Usage::default(),
        usage => usage,
    };
    record.usage_source = source.map(Source::name).unwrap_or_default().into();
    record.input_tokens = record.input_tokens.or(usage.input);
    record.output_tokens = record.output_tokens.or(usage.output);
    record.total_tokens = record.total_tokens.or(usage.total);
    record.cached_tokens = record.cached_tokens.or(usage.cached);
    record.cache_write_tokens = usage.cache_write;
    record.reasoning_tokens = record.reasoning_tokens.or(usage.reasoning);
}

/// The provider: as named by Higress's model router, otherwise from the host, the path or the response format.
fn provider<'a>(
    record: &AccessRecord<'a>,
    response: Option<&Findings>,
    attributes: &Attributes<'a>,
) -> Cow<'a, str> {
    let last = attributes.last_headers;
    if let Some(named) = last.get(LLM_PROVIDER).filter(|named| !named.is_empty()) {
        return text(Some(named));
    }
    let sent_to = text(last.get(":authority"));
    let by_host =
        [&*record.upstream_cluster, &sent_to, &record.authority].into_iter().find_map(provider::of_host);
    let by_path = || {
        let sent = text(attributes.headers.rewritten_path());
        let came = text(attributes.headers.get(Name::Path));
        provider::of_path(&sent).or_else(|| provider::of_path(&came))
    };
    let by_form = || match response?.provider? {
        "anthropic" => provider::of_model_in_anthropics_form(&record.model),
        other => Some(other),
    };
    by_host.or_else(by_path).or_else(by_form).unwrap_or_default().into()
}
