//! Each rule fires where it should, and not for its nearest neighbour.

mod android;
mod harmony;
mod ios;
