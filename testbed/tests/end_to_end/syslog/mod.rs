//! Tests of syslog, in the form of Kong's plugin, with a real rsyslog.

mod component;
mod receivers;
mod rsyslog;
mod walk_through;

/// The variables that make the functions send to an rsyslog, with `best_effort`.
pub fn variables(rsyslog: &gatelog_testbed::rsyslog::Rsyslog) -> [(&'static str, String); 3] {
    [
        ("syslog_delivery", "best_effort".to_owned()),
        ("syslog_address", rsyslog.address().ip().to_string()),
        ("syslog_port", rsyslog.address().port().to_string()),
    ]
}
