//! Kong's Syslog plugin with a real rsyslog.

mod rsyslog;
