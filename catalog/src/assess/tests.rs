mod absent;
mod anew;
mod capacity;
mod concerns;
mod figures;
mod forecast;
mod promises;
mod world;
