//! The commands of `cargo xtask` that are more than a call of one library.

pub mod checkout;
pub mod prices;
pub mod replay;
pub mod style;
pub mod trial;
pub mod update;
