//! Holds pictures against one that is asked about, in the way of each tier.

use crate::{
    near::{
        find::Sought,
        seen::{Looks, Seen},
    },
    report::Nearness,
    scan::Searched,
    settings::{Selection, Tier},
};

/// What a picture that is asked about is compared by.
pub(crate) struct Finder<'a> {
    looks: &'a Looks<'a>,
    sought: &'a Sought,
    selection: &'a Selection,
}

impl<'a> Finder<'a> {
    pub(crate) fn new(looks: &'a Looks<'a>, sought: &'a Sought, selection: &'a Selection) -> Self {
        Self { looks, sought, selection }
    }

    /// How near a picture of this rank is, which is not equal; nothing if it is not near.
    pub(crate) fn nearness(&mut self, _searched: &mut Searched, _seen: &Seen) -> Option<Nearness> {
        match self.looks.tier {
            Tier::Bytes | Tier::Pixels | Tier::Turned | Tier::Within(_) | Tier::Similar(_) => None,
        }
    }
}
