//! Each rule fires where it should, and not for its nearest neighbour.

mod android;
mod documents;
mod harmony;
mod ios;
