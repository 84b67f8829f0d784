//! A state that is read by many and replaced as a whole.

use std::sync::Arc;

use tokio::sync::watch;

/// A state of a program, which is replaced only here, so that no reader ever sees half a change.
/// Clones publish to the same readers.
#[derive(Debug, Clone)]
pub struct Published<S>(watch::Sender<Arc<S>>);

impl<S: Clone> Published<S> {
    /// Publishes `state` as the first one.
    pub fn new(state: S) -> Self {
        Self(watch::Sender::new(Arc::new(state)))
    }

    /// The state as it is now.
    pub fn get(&self) -> Arc<S> {
        Arc::clone(&self.0.borrow())
    }

    /// Replaces the state by a changed copy, in one step.
    pub fn update(&self, change: impl FnOnce(&mut S)) {
        self.0.send_modify(|state| change(Arc::make_mut(state)));
    }

    /// A receiver of the newest state, which is notified when the state is replaced.
    pub fn subscribe(&self) -> watch::Receiver<Arc<S>> {
        self.0.subscribe()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn readers_keep_the_state_they_took_and_are_told_of_the_next() {
        let published = Published::new(vec![1]);
        let before = published.get();
        let mut told = published.subscribe();
        published.clone().update(|state| state.push(2));
        assert_eq!(*before, [1]);
        assert_eq!(*published.get(), [1, 2]);
        told.changed().await.unwrap();
        assert_eq!(**told.borrow(), [1, 2]);
    }
}
