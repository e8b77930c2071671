//! The server: who may ask, what is asked for, and how long anybody may take.

mod secret;

mod gate;

mod limits;

mod assets;

mod answer;

mod routes;

mod work;

mod pictures;

mod events;

mod server;

pub use server::{Door, OpenError, Review, Stopper};
