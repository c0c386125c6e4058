//! The lifetime of instances: as in Spin, one serves up to 128 requests, 16 at once, and ends after a second
//! without work. A trap ends every request in flight in the instance.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::time::Sleep;
use wasmtime::component::GuestTaskId;
use wasmtime::{Store, StoreContextMut};
use wasmtime_wasi_http::WasiHttpView as _;
use wasmtime_wasi_http::handler::{
    HandlerState, Instance, ShouldAccept, WorkerExpiration, WorkerState, WorkerStatus,
};

use super::component::Template;
use super::component_handle::ComponentHandle;
use super::state::State;
use super::taking_up::{TakingUp, Turns};

/// Requests that an instance serves before it is replaced.
const MAX_REQUESTS: usize = 128;
/// Requests that an instance serves at once.
const MAX_CONCURRENT_REQUESTS: usize = 16;
/// Time without work after which an instance ends.
const IDLE_TIMEOUT: Duration = Duration::from_secs(1);

/// The phase of the application's shutdown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// Not shutting down.
    Running,
    /// Instances end as soon as they are idle.
    Draining,
    /// Instances end at once.
    Stopped,
}

/// Makes instances of one component.
pub(super) struct Instances {
    template: Template,
    phase: watch::Receiver<Phase>,
    alive: watch::Sender<usize>,
    taking_up: TakingUp,
}

impl Instances {
    /// `alive` counts the instances of all components; `taking_up` counts those that are accepting a request.
    pub(super) fn new(
        template: Template,
        phase: watch::Receiver<Phase>,
        alive: watch::Sender<usize>,
        taking_up: TakingUp,
    ) -> Self {
        Self { template, phase, alive, taking_up }
    }

    /// The component.
    pub(super) fn component(&self) -> &ComponentHandle {
        &self.template.handle
    }
}

impl HandlerState for Instances {
    type StoreData = State;
    type WorkerExpiration = Expiration;
    type WorkerState = Worker;

    async fn instantiate(&self) -> wasmtime::Result<Instance<State, Expiration, Worker>> {
        let (store, proxy) = self.template.instantiate().await?;
        self.alive.send_modify(|alive| *alive += 1);
        let turns = self.taking_up.instance();
        Ok(Instance {
            store,
            proxy,
            view: State::http,
            expiration: Expiration::new(self.phase.clone(), turns.clone()),
            state: Worker {
                component: self.template.handle.clone(),
                phase: self.phase.clone(),
                alive: self.alive.clone(),
                turns,
            },
        })
    }
}

/// One instance, as the request handler sees it.
pub(super) struct Worker {
    component: ComponentHandle,
    phase: watch::Receiver<Phase>,
    alive: watch::Sender<usize>,
    turns: Turns,
}

impl WorkerState for Worker {
    type StoreData = State;
    type RequestData = ();

    fn should_accept_request(&self, concurrent: usize, total: usize) -> ShouldAccept {
        if total >= MAX_REQUESTS {
            ShouldAccept::Never
        } else if concurrent >= MAX_CONCURRENT_REQUESTS {
            ShouldAccept::No
        } else {
            ShouldAccept::Yes
        }
    }

    /// The time of a request is not limited.
    fn on_request_start(
        &self,
        _: StoreContextMut<'_, State>,
        (): (),
        _: GuestTaskId,
    ) -> Pin<Box<dyn Future<Output = ()> + Send + Sync>> {
        self.turns.begin();
        Box::pin(std::future::pending())
    }

    fn drop(&self, store: Store<State>, result: wasmtime::Result<()>) {
        let stopped = *self.phase.borrow() == Phase::Stopped;
        // When the store is dropped, the instance's last output is in the log.
        drop(store);
        if let Err(error) = result
            && !stopped
        {
            self.component.log(format_args!("an instance failed, with all requests in it: {error:?}"));
        }
        self.turns.end();
        self.alive.send_modify(|alive| *alive -= 1);
    }
}

type PhaseChange = Pin<Box<dyn Future<Output = watch::Receiver<Phase>> + Send + Sync>>;

/// Decides when an instance ends.
pub(super) struct Expiration {
    idle: Pin<Box<Sleep>>,
    phase: Phase,
    change: Option<PhaseChange>,
    turns: Turns,
}

impl Expiration {
    fn new(phase: watch::Receiver<Phase>, turns: Turns) -> Self {
        let now = *phase.borrow();
        Self {
            idle: Box::pin(tokio::time::sleep(IDLE_TIMEOUT)),
            phase: now,
            change: Some(next_change(phase)),
            turns,
        }
    }

    fn poll_phase(&mut self, cx: &mut Context<'_>) -> Phase {
        while let Some(change) = &mut self.change {
            let Poll::Ready(phase) = change.as_mut().poll(cx) else { break };
            self.phase = *phase.borrow();
            self.change = (self.phase != Phase::Stopped).then(|| next_change(phase));
        }
        self.phase
    }
}

/// When nothing can change the phase any more, the application is gone.
fn next_change(mut phase: watch::Receiver<Phase>) -> PhaseChange {
    Box::pin(async move {
        match phase.changed().await {
            Ok(()) => phase,
            Err(_) => watch::Sender::new(Phase::Stopped).subscribe(),
        }
    })
}

impl WorkerExpiration for Expiration {
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>, status: WorkerStatus, since: Instant) -> Poll<()> {
        let this = self.get_mut();
        // Called whenever the event loop waits.
        if this.turns.turn() {
            cx.waker().wake_by_ref();
        }
        match (this.poll_phase(cx), status) {
            (Phase::Stopped, _) | (Phase::Draining, WorkerStatus::Idle) => Poll::Ready(()),
            (Phase::Running, WorkerStatus::Idle) => {
                let end = tokio::time::Instant::from_std(since + IDLE_TIMEOUT);
                if end != this.idle.deadline() {
                    this.idle.as_mut().reset(end);
                }
                this.idle.as_mut().poll(cx)
            }
            (_, WorkerStatus::Requests | WorkerStatus::PostReturn) => Poll::Pending,
        }
    }
}

/// Waits until no instance is left.
pub(super) async fn all_ended(alive: &watch::Sender<usize>) {
    // The caller owns the sender, so the wait cannot fail.
    let _ = alive.subscribe().wait_for(|alive| *alive == 0).await;
}
