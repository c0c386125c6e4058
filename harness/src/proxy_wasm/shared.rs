//! Shared data and shared queues, within one VM.

use std::collections::{BTreeMap, VecDeque};

use super::abi::Status;

/// Values by key, each with the number of its last change.
#[derive(Debug, Default)]
pub(super) struct SharedData {
    values: BTreeMap<Vec<u8>, (Vec<u8>, u32)>,
    changes: u32,
}

impl SharedData {
    /// The value and the number to give to [`SharedData::set`] to change it only if nobody else did.
    pub(super) fn get(&self, key: &[u8]) -> Result<(Vec<u8>, u32), Status> {
        self.values.get(key).cloned().ok_or(Status::NotFound)
    }

    /// Sets a value; `cas` 0 sets it in any case.
    pub(super) fn set(&mut self, key: &[u8], value: &[u8], cas: u32) -> Result<(), Status> {
        if self.values.get(key).is_some_and(|(_, current)| cas != 0 && cas != *current) {
            return Err(Status::CasMismatch);
        }
        self.changes += 1;
        self.values.insert(key.to_vec(), (value.to_vec(), self.changes));
        Ok(())
    }
}

/// First-in, first-out queues by name.
#[derive(Debug, Default)]
pub(super) struct SharedQueues {
    queues: Vec<Queue>,
    /// The context and the token of each item that its owner was not told of yet.
    pub(super) ready: VecDeque<(u32, u32)>,
}

#[derive(Debug)]
struct Queue {
    name: Vec<u8>,
    owner: u32,
    items: VecDeque<Vec<u8>>,
}

impl SharedQueues {
    /// Makes a queue, or takes over one of this name; `owner` is the root context that hears of new items.
    pub(super) fn register(&mut self, name: &[u8], owner: u32) -> u32 {
        match self.queues.iter_mut().find(|queue| queue.name == name) {
            Some(queue) => queue.owner = owner,
            None => self.queues.push(Queue { name: name.to_vec(), owner, items: VecDeque::new() }),
        }
        self.resolve(name).unwrap_or_default()
    }

    /// The token of a queue.
    pub(super) fn resolve(&self, name: &[u8]) -> Result<u32, Status> {
        let index = self.queues.iter().position(|queue| queue.name == name).ok_or(Status::NotFound)?;
        u32::try_from(index + 1).map_err(|_| Status::InternalFailure)
    }

    /// Adds an item and notes that the queue's owner is to hear of it.
    pub(super) fn enqueue(&mut self, token: u32, item: &[u8]) -> Result<(), Status> {
        let queue = self.find(token)?;
        queue.items.push_back(item.to_vec());
        let owner = queue.owner;
        self.ready.push_back((owner, token));
        Ok(())
    }

    /// Takes the oldest item.
    pub(super) fn dequeue(&mut self, token: u32) -> Result<Vec<u8>, Status> {
        self.find(token)?.items.pop_front().ok_or(Status::Empty)
    }

    fn find(&mut self, token: u32) -> Result<&mut Queue, Status> {
        let index = usize::try_from(token).ok().and_then(|token| token.checked_sub(1));
        index.and_then(|index| self.queues.get_mut(index)).ok_or(Status::NotFound)
    }
}
