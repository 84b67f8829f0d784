mod absent;
mod capacity;
mod concerns;
mod figures;
mod promises;
mod world;
