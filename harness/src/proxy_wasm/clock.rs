//! Time in a VM: the clock, ticks, and callouts with their time-outs.

use std::time::Duration;

use super::abi::{Callback, Status};
use super::callouts::{Callout, Refusal, Reply};
use super::error::Error;
use super::headers::Headers;
use super::vm::{Vm, size};

impl Vm {
    /// Moves the clock and, on the way, fires each tick and each callout's time-out at its moment, earliest first.
    ///
    /// # Errors
    ///
    /// A callback trapped.
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
                    self.move_clock(at_ns);
                    self.respond(id, Reply::timeout())?;
                }
                (Some((at_ns, root)), _) if at_ns <= end_ns => {
                    self.move_clock(at_ns);
                    self.tick(root)?;
                }
                _ => break,
            }
        }
        self.move_clock(end_ns);
        Ok(())
    }

    /// The clock, in nanoseconds since 1970.
    pub fn now_ns(&self) -> u64 {
        self.store.data().now_ns
    }

    /// The calls under way, oldest first.
    pub fn callouts(&self) -> impl Iterator<Item = &Callout> {
        self.store.data().callouts.pending.values()
    }

    /// The oldest of the calls under way.
    pub fn oldest_callout(&self) -> Option<&Callout> {
        self.callouts().next()
    }

    /// Answers a callout, and gives back what was called.
    ///
    /// # Errors
    ///
    /// There is no such callout, or the callback trapped.
    pub fn respond(&mut self, id: u32, reply: Reply) -> Result<Callout, Error> {
        let (headers, body) = (reply.headers.len(), reply.body.len());
        let trailers = reply.trailers.as_ref().map_or(0, Headers::len);
        self.finish_callout(id, Some(reply), (0, ""), [headers, body, trailers])
    }

    /// Breaks a callout's connection: the guest hears of it with no header, no body and no trailer.
    ///
    /// # Errors
    ///
    /// There is no such callout, or the callback trapped.
    pub fn fail(&mut self, id: u32) -> Result<Callout, Error> {
        self.finish_callout(id, None, (Status::BrokenConnection as u32, "reset"), [0; 3])
    }

    /// Refuses the next callout on the spot. Called several times, it refuses as many.
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

    fn finish_callout(
        &mut self,
        id: u32,
        reply: Option<Reply>,
        status: (u32, &'static str),
        sizes: [usize; 3],
    ) -> Result<Callout, Error> {
        let callout = self.store.data_mut().callouts.pending.remove(&id).ok_or(Error::NoCallout(id))?;
        let root = callout.root_context;
        self.with_root(root, |root| (root.reply, root.status) = (reply, status));
        let [headers, body, trailers] = sizes.map(size);
        let response = self.exports.on_http_call_response.clone();
        self.call(Callback::CalloutResponse, root, response, (root, id, headers, body, trailers), ())?;
        self.with_root(root, |root| (root.reply, root.status.1) = (None, ""));
        Ok(callout)
    }

    fn move_clock(&mut self, now_ns: u64) {
        self.store.data_mut().now_ns = now_ns;
    }
}
