//! The simulation answers as Linux does: random calls on it and on the disk of the system, side by side.

mod places;
mod side;
mod steps;

use pixtwin_actions::disk::RealDisk;
use pixtwin_testkit::{cases, draw::Seeded};

use places::Places;
use side::Side;
use steps::Step;

/// How many calls were done, and how many refused, by both.
type Counts = (u64, u64);

fn compare(places: &Places, seed: u64) -> Counts {
    let mut random = Seeded(seed);
    let steps: Vec<_> = (0..120).map(|_| Step::random(&mut random)).collect();
    let (mut done, mut refused) = (0, 0);
    let mut simulated = Side::new(&places.sim, &places.sim_folders, places.has_fine_times);
    let mut real = Side::new(&RealDisk, &places.real_folders, places.has_fine_times);
    for (number, step) in steps.iter().enumerate() {
        let (wanted, given) = (real.run(step), simulated.run(step));
        assert_eq!(given, wanted, "seed {seed}, {step:?} after {:#?}", &steps[..number]);
        *(if wanted.starts_with("no:") { &mut refused } else { &mut done }) += 1;
    }
    (done, refused)
}

#[test]
fn it_answers_as_linux_does() {
    let (mut done, mut refused, mut sequences) = (0, 0, 0);
    for seed in 0..u64::from(cases(40, 4000)) {
        for user in places::users() {
            let places = Places::new(user);
            // What a user may do depends on the thread alone.
            let as_user = || {
                places::become_user(user);
                compare(&places, seed)
            };
            let counts = std::thread::scope(|scope| scope.spawn(as_user).join().unwrap());
            assert_eq!(places.sim_tree(), places.real_tree(), "seed {seed}, user {user}: what is left");
            (done, refused, sequences) = (done + counts.0, refused + counts.1, sequences + 1);
        }
    }
    println!("soak: simulated disk: {sequences} sequences, {done} calls done and {refused} refused as Linux does");
    assert!(done > refused / 4 && refused > done / 20, "{done} done, {refused} refused");
}
