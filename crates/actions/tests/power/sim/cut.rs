//! What is left when the power was cut.

use std::collections::BTreeSet;

use pixtwin_testkit::draw::Seeded;

use super::{
    tree::Body,
    trouble::Meter,
    world::{Model, Operation, World},
};

impl World {
    /// The disk after the power was cut and the machine started anew: what was kept, and of the rest what chance wills.
    pub(crate) fn after_cut(mut self, seed: u64) -> Self {
        let mut random = Seeded(seed);
        let chosen = match self.model {
            Model::Ordered => self.first_so_many(&mut random),
            Model::Loose => self.any_in_order(&mut random),
        };
        self.keep(&chosen);
        let roots: Vec<_> = self.systems.iter().map(|system| system.root).collect();
        self.kept.keep_reachable(&roots);
        for (number, node) in &mut self.kept.nodes {
            if let (Body::File(kept), Some(live)) = (&mut node.body, self.live.nodes[number].content()) {
                tear(kept, live, &mut random);
            }
        }
        self.live = self.kept.clone();
        self.keep_all();
        self.locks.clear();
        self.lost.clear();
        self.meter = Meter::default();
        // Devices and mounts have other numbers each time a machine starts.
        self.systems.iter_mut().for_each(|system| system.device += 0x100);
        self.mounts.iter_mut().for_each(|mount| mount.number += 100);
        self
    }

    fn first_so_many(&self, random: &mut Seeded) -> Vec<bool> {
        let mut left: Vec<_> = (0..self.systems.len())
            .map(|system| {
                let all = self.pending.iter().filter(|one| one.system == system).count();
                random.below(u32::try_from(all).unwrap() + 1)
            })
            .collect();
        let mut take = |one: &Operation| {
            let left = &mut left[one.system];
            let is_kept = *left > 0;
            *left = left.saturating_sub(1);
            is_kept
        };
        self.pending.iter().map(&mut take).collect()
    }

    fn any_in_order(&self, random: &mut Seeded) -> Vec<bool> {
        let mut lost = BTreeSet::new();
        let of_four = random.below(5);
        let mut take = |one: &Operation| {
            let is_kept = random.below(4) < of_four && lost.is_disjoint(&one.queues());
            if !is_kept {
                lost.extend(one.queues());
            }
            is_kept
        };
        self.pending.iter().map(&mut take).collect()
    }
}

/// Adds to what was kept of a file what chance wills of the rest.
fn tear(kept: &mut Vec<u8>, live: &[u8], random: &mut Seeded) {
    let rest = &live[kept.len()..];
    let part = random.below(u32::try_from(rest.len()).unwrap() + 1) as usize;
    let way = random.below(5);
    match way {
        0 => {}
        1 => kept.extend(rest),
        _ => kept.extend(&rest[..part]),
    }
    match way {
        3 => kept.extend(vec![0; rest.len() - part]),
        4 => kept.extend((part..rest.len()).map(|_| random.below(256) as u8)),
        _ => {}
    }
}
