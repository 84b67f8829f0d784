//! A state that is read by many and replaced as a whole.

use std::sync::Arc;

use tokio::sync::watch;

/// The one place where states of a program are replaced: no reader ever sees half a change. Clones
/// publish to the same readers.
#[derive(Debug, Clone)]
pub struct Published<S>(watch::Sender<Arc<S>>);

impl<S: Clone> Published<S> {
    /// Begins with this state.
    pub fn new(state: S) -> Self {
        Self(watch::Sender::new(Arc::new(state)))
    }

    /// The state now.
    pub fn get(&self) -> Arc<S> {
        Arc::clone(&self.0.borrow())
    }

    /// Replaces the state by a changed copy, in one step.
    pub fn update(&self, change: impl FnOnce(&mut S)) {
        self.0.send_modify(|state| change(Arc::make_mut(state)));
    }

    /// Tells of every state from now on.
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
