mod absent;
mod concerns;
mod figures;
mod promises;
mod world;
