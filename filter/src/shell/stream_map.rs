//! A map from context numbers to streams. The gateway numbers the contexts of a VM in ascending order.
//!
//! The maps of the standard library accept any key and cost more code: measured in the whole file, 2.6 kB more for
//! `HashMap` (or `hashbrown`) with a hasher that returns the number, 8.9 kB more for `BTreeMap`. A table of lists is
//! enough here: ascending numbers fill it evenly by their lowest bits.

/// A map from numbers to values.
#[derive(Debug)]
pub struct IdMap<T> {
    /// A power of two of them, or none. The lowest bits of a number choose its list.
    lists: Vec<List<T>>,
    len: usize,
}

type List<T> = Option<Box<Node<T>>>;

#[derive(Debug)]
struct Node<T> {
    id: u32,
    value: T,
    next: List<T>,
}

/// Lists in the first table.
const FEWEST_LISTS: usize = 64;

impl<T> IdMap<T> {
    /// An empty map, which takes no memory.
    pub const fn new() -> Self {
        Self { lists: Vec::new(), len: 0 }
    }

    /// Adds a value and drops the older value of the same number.
    pub fn insert(&mut self, id: u32, value: T) {
        self.remove(id);
        if self.len >= self.lists.len() {
            self.grow();
        }
        self.len += 1;
        self.put(Box::new(Node { id, value, next: None }));
    }

    /// The value of a number.
    pub fn get_mut(&mut self, id: u32) -> Option<&mut T> {
        let mut list = self.list(id)?.as_mut();
        while let Some(node) = list {
            if node.id == id {
                return Some(&mut node.value);
            }
            list = node.next.as_mut();
        }
        None
    }

    /// Removes a value and returns it.
    pub fn remove(&mut self, id: u32) -> Option<T> {
        let mut list = self.list(id)?;
        while list.as_ref().is_some_and(|node| node.id != id) {
            list = &mut list.as_mut()?.next;
        }
        let node = *list.take()?;
        *list = node.next;
        self.len -= 1;
        Some(node.value)
    }

    fn list(&mut self, id: u32) -> Option<&mut List<T>> {
        let mask = self.lists.len().wrapping_sub(1);
        self.lists.get_mut(usize::try_from(id).ok()? & mask)
    }

    fn put(&mut self, mut node: Box<Node<T>>) {
        if let Some(list) = self.list(node.id) {
            node.next = list.take();
            *list = Some(node);
        }
    }

    /// Twice as many lists, each half as long.
    fn grow(&mut self) {
        let count = (self.lists.len() * 2).max(FEWEST_LISTS);
        let full = std::mem::replace(&mut self.lists, std::iter::repeat_with(|| None).take(count).collect());
        for mut list in full {
            while let Some(mut node) = list {
                list = node.next.take();
                self.put(node);
            }
        }
    }
}

impl<T> Default for IdMap<T> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    #[test]
    fn thousands_of_values_are_found_and_removed() {
        let mut map = IdMap::new();
        assert_eq!(map.get_mut(1), None);
        assert_eq!(map.remove(1), None);
        for id in 1..5_000 {
            map.insert(id, id * 2);
        }
        assert_eq!(map.lists.len(), 8_192);
        assert!((1..5_000).all(|id| map.get_mut(id) == Some(&mut (id * 2))));
        assert!((1..5_000).all(|id| map.remove(id) == Some(id * 2)));
        assert_eq!(map.len, 0);
        assert_eq!(map.get_mut(1), None);
    }

    proptest! {
        #[test]
        fn it_is_a_map(steps in proptest::collection::vec((0..400_u32, any::<Option<u8>>()), 0..600)) {
            let (mut map, mut model) = (IdMap::new(), BTreeMap::new());
            for (id, value) in steps {
                // Also numbers that share their lowest bits.
                let id = id % 200 * if id < 200 { 1 } else { 64 };
                match value {
                    Some(value) => {
                        map.insert(id, value);
                        model.insert(id, value);
                    }
                    None => assert_eq!(map.remove(id), model.remove(&id)),
                }
                assert_eq!(map.get_mut(id), model.get_mut(&id));
                assert_eq!(map.len, model.len());
            }
        }
    }
}
