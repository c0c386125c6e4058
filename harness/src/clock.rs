//! Time in a VM: the clock, ticks, and callouts with their time-outs.

use std::time::Duration;

use super::abi::Callback;
use super::callouts::{Callout, Refusal, Reply};
use super::error::Error;
use super::vm::{PluginId, Vm, size};

impl Vm {
    /// Moves the clock, and fires each tick and each callout's time-out when it is due, earliest first.
    ///
    /// # Errors
    ///
    /// When a callback trapped.
    pub fn advance(&mut self, duration: Duration) -> Result<(), Error> {
        let nanoseconds = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        let end_ns = self.now_ns().saturating_add(nanoseconds);
        loop {
            let gateway = self.store.data();
            let ticks = gateway.roots.iter().filter_map(|(id, root)| Some((root.tick_due_ns?, *id)));
            let tick = ticks.min();
            let timeout = gateway.callouts.next_due();
            match (tick, timeout) {
                (tick, Some((at_ns, id)))
                    if at_ns <= end_ns && tick.is_none_or(|(tick_ns, _)| at_ns <= tick_ns) =>
                {
                    self.move_clock(at_ns.max(self.now_ns()));
                    self.respond(id, Reply::timeout())?;
                }
                (Some((at_ns, root)), _) if at_ns <= end_ns => {
                    self.move_clock(at_ns.max(self.now_ns()));
                    self.tick(root)?;
                }
                _ => break,
            }
        }
        self.move_clock(end_ns);
        Ok(())
    }

    /// The monotonic clock, in nanoseconds. It starts at the time of day.
    pub fn now_ns(&self) -> u64 {
        self.store.data().now_ns
    }

    /// The time of day, in nanoseconds since 1970.
    pub fn wall_ns(&self) -> u64 {
        self.store.data().wall_ns()
    }

    /// Sets the time of day, as an administrator or a time server does; ticks and time-outs do not depend on it.
    pub fn set_wall_ns(&mut self, wall_ns: u64) {
        let gateway = self.store.data_mut();
        // The wrapped difference is correct for all times until the year 2262.
        gateway.wall_ahead_ns = wall_ns.wrapping_sub(gateway.now_ns).cast_signed();
    }

    /// Moves both clocks while the gateway does nothing, as when the machine sleeps: events that become due meanwhile
    /// fire late, at the next [`Vm::advance`].
    pub fn sleep(&mut self, duration: Duration) {
        let nanoseconds = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        self.move_clock(self.now_ns().saturating_add(nanoseconds));
    }

    /// The calls in flight, oldest first.
    pub fn callouts(&self) -> impl Iterator<Item = &Callout> {
        self.store.data().callouts.pending.values()
    }

    /// The oldest call in flight.
    pub fn oldest_callout(&self) -> Option<&Callout> {
        self.callouts().next()
    }

    /// Answers a callout and returns the call.
    ///
    /// # Errors
    ///
    /// When there is no such callout, or the callback trapped.
    pub fn respond(&mut self, id: u32, reply: Reply) -> Result<Callout, Error> {
        let sizes = reply.sizes();
        self.finish_callout(id, Some(reply), sizes)
    }

    /// Breaks a callout's connection: the guest gets a response without headers, body or trailers.
    ///
    /// # Errors
    ///
    /// When there is no such callout, or the callback trapped.
    pub fn fail(&mut self, id: u32) -> Result<Callout, Error> {
        self.finish_callout(id, None, [0; 3])
    }

    /// Loses a callout inside the gateway: no response ever comes, not even at its time-out.
    ///
    /// # Errors
    ///
    /// When there is no such callout.
    pub fn lose(&mut self, id: u32) -> Result<Callout, Error> {
        self.store.data_mut().callouts.pending.remove(&id).ok_or(Error::NoCallout(id))
    }

    /// Calls `proxy_on_http_call_response` for a callout that is not in flight, as a faulty gateway would: twice for one
    /// call, or for a call that the plugin never made. The root context is that of `plugin`.
    ///
    /// # Errors
    ///
    /// When the callback trapped.
    pub fn respond_unasked(&mut self, plugin: PluginId, id: u32, reply: Reply) -> Result<(), Error> {
        let sizes = reply.sizes();
        self.answer(plugin.0, id, Some(reply), sizes)
    }

    /// Refuses the next callout immediately. Each call refuses one more.
    pub fn refuse_next_callout(&mut self, refusal: Refusal) {
        self.store.data_mut().callouts.refusals.push_back(refusal);
    }

    fn tick(&mut self, root: u32) -> Result<(), Error> {
        let now_ns = self.now_ns();
        self.with_root(root, |root| root.tick_due_ns = None);
        let tick = self.exports.on_tick.clone();
        self.call(Callback::Tick, root, tick, root, ())?;
        self.with_root(root, |root| {
            if root.tick_period_ns > 0 && root.tick_due_ns.is_none() {
                root.tick_due_ns = Some(now_ns.saturating_add(root.tick_period_ns));
            }
        });
        Ok(())
    }

    fn finish_callout(&mut self, id: u32, reply: Option<Reply>, sizes: [usize; 3]) -> Result<Callout, Error> {
        let callout = self.store.data_mut().callouts.pending.remove(&id).ok_or(Error::NoCallout(id))?;
        self.answer(callout.root_context, id, reply, sizes)?;
        Ok(callout)
    }

    fn answer(&mut self, root: u32, id: u32, reply: Option<Reply>, sizes: [usize; 3]) -> Result<(), Error> {
        self.with_root(root, |root| root.reply = reply);
        let [headers, body, trailers] = sizes.map(size);
        let response = self.exports.on_http_call_response.clone();
        self.call(Callback::CalloutResponse, root, response, (root, id, headers, body, trailers), ())?;
        self.with_root(root, |root| root.reply = None);
        Ok(())
    }

    fn move_clock(&mut self, now_ns: u64) {
        self.store.data_mut().now_ns = now_ns;
    }
}
