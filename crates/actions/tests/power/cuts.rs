//! The power is cut before every change of every command, on both models of a disk; then the machine starts again, and
//! the power is cut before every change of what it does then.

use pixtwin_testkit::cases;

use crate::{
    found::Found,
    library::Library,
    scene::{Scene, layouts},
    sim::Trouble,
    stage::{Act, Said, actions},
};

/// What was tried.
#[derive(Debug, Default)]
struct Tried {
    cuts: u64,
    second_cuts: u64,
    found: Found,
}

impl Tried {
    /// Every cut of a command.
    fn cut(&mut self, scene: &Scene<'_>, name: &str) {
        for at in 1.. {
            let struck = scene.run(Trouble::Cut { at });
            if !struck.world.meter.is_off {
                return;
            }
            for seed in 0..u64::from(cases(1, 20)) {
                let name = format!("{name}, {:?}, cut before change {at}, seed {seed}", scene.act);
                let image = struck.world.clone().after_cut(at * 1000 + seed);
                self.cuts += 1;
                self.found.within(&name, || scene.outlive(image.clone(), &struck.said));
                let is_sampled = (at + self.cuts).is_multiple_of(u64::from(cases(31, 7))) && seed < 3;
                if is_sampled {
                    let second = Scene { world: image, act: Act::Recover, ..scene.clone() };
                    self.cut_again(&second, &name, seed);
                }
            }
        }
    }

    /// Every cut while it is recovered from another.
    fn cut_again(&mut self, scene: &Scene<'_>, name: &str, seed: u64) {
        for at in 1.. {
            let struck = scene.run(Trouble::Cut { at });
            if !struck.world.meter.is_off {
                return;
            }
            let name = format!("{name}, recovering, cut before change {at}");
            let image = struck.world.after_cut(at * 1000 + seed);
            self.second_cuts += 1;
            self.found.within(&name, || scene.outlive(image, &Said::default()));
        }
    }
}

#[test]
fn power_cuts_lose_nothing() {
    let mut tried = Tried::default();
    for action in actions() {
        for layout in &layouts(&action)[..cases(2, 4) as usize] {
            let library = Library::new(*layout);
            for scene in Scene::all(&library, &action) {
                tried.cut(&scene, &format!("{action:?}, {layout:?}"));
            }
        }
    }
    let Tried { cuts, second_cuts, found } = tried;
    println!("soak: simulated power cuts: {cuts} of commands, {second_cuts} of recoveries");
    found.end();
}
