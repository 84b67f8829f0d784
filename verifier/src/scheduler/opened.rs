//! A configuration in use.

use std::sync::Arc;

use catalog::config::Config;

use crate::{
    console::{Outside, Refusal},
    notify::post::Messenger,
    supervise::Context,
    world::World,
};

/// A configuration with everything it names opened.
#[derive(Debug)]
pub(crate) struct OpenedConfig {
    pub(crate) world: Arc<World>,
    pub(crate) context: Context,
    /// The way to the receivers of messages.
    pub(crate) messenger: Messenger,
}

impl OpenedConfig {
    /// Opens what the configuration names; errs if nothing could be verified under it.
    pub(crate) fn new(config: Config, outside: &Outside) -> Result<Self, Refusal> {
        Self::of(World::of(config, outside), outside)
    }

    /// The same of a world that is opened already.
    pub(crate) fn of(world: World, outside: &Outside) -> Result<Self, Refusal> {
        let world = Arc::new(world);
        world.evidence()?;
        let context = world.context()?;
        let notify = world.config.verifier.notify.clone();
        let messenger = Messenger::new(notify, outside.env);
        Ok(Self {
            world,
            context,
            messenger,
        })
    }

    /// True if records written under one of the two are read under the other.
    pub(crate) fn shares_evidence(&self, other: &Self) -> bool {
        self.world.config.shares_evidence(&other.world.config)
    }
}
