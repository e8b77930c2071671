//! `pixtwin compare`.

use pixtwin_testkit::{
    Dir,
    draw::{landscape, noise},
    encode::{apng, png, qoi},
};

use crate::{digest, ran};

#[test]
fn the_same_picture() {
    let dir = Dir::new();
    dir.write("a.png", png(&noise(6, 4, 1))).write("b.qoi", qoi(&noise(6, 4, 1)));
    dir.write("c.png", png(&noise(6, 4, 1)));
    ran(&dir, &["compare", "a.png", "b.qoi"]).assert(
        0,
        "the same picture: every pixel is equal\n  a.png: PNG, 6 x 4\n  b.qoi: QOI, 6 x 4\n",
        "",
    );
    ran(&dir, &["compare", "a.png", "c.png"]).assert(
        0,
        "the same picture: the files have the same bytes\n  a.png: PNG, 6 x 4\n  c.png: PNG, 6 x 4\n",
        "",
    );
}

#[test]
fn the_turn_that_makes_them_equal_is_named() {
    let drawn = landscape(9, 5, 1);
    let dir = Dir::new();
    dir.write("a.png", png(&drawn));
    for (orientation, words) in [
        (2, "a flip left to right"),
        (3, "half a turn"),
        (4, "a flip top to bottom"),
        (5, "a flip along the falling diagonal"),
        (6, "a quarter turn anticlockwise"),
        (7, "a flip along the rising diagonal"),
        (8, "a quarter turn clockwise"),
    ] {
        dir.write("b.png", png(&drawn.shown_under(orientation)));
        let ran = ran(&dir, &["compare", "a.png", "b.png"]);
        assert_eq!(ran.code, 1);
        let line = format!("  the same after {words} of the second\n");
        assert!(ran.out().ends_with(&line), "{orientation}: {}", ran.out());
    }
}

#[test]
fn frames_are_compared_one_by_one() {
    let frames = [noise(4, 4, 1), noise(4, 4, 2)];
    let other = [frames[0].clone(), frames[1].clone().with_sample_changed(3, 2, 0)];
    let dir = Dir::new();
    dir.write("a.png", apng(&frames, (1, 10))).write("b.png", apng(&other, (1, 5)));
    ran(&dir, &["compare", "a.png", "b.png"]).assert(
        1,
        "not the same picture\n  a.png: PNG, 4 x 4, 2 frames\n  b.png: PNG, 4 x 4, 2 frames\n  \
         frame 1: the delays differ: 1/10 s and 1/5 s\n  \
         frame 2: 1 pixel of 16 differs, the first at x 3, y 2\n  \
         frame 2: largest difference: red 1, green 0, blue 0, alpha 0 (of 255)\n  \
         frame 2: the delays differ: 1/10 s and 1/5 s\n",
        "",
    );
}

#[test]
fn differences_are_drawn() {
    let drawn = noise(6, 4, 1).opaque();
    let [r, g, b, _] = drawn.pixel(2, 1);
    let dir = Dir::new();
    dir.write("a.png", png(&drawn)).write("b.png", png(&drawn.clone().with_pixel(2, 1, [r ^ 128, g, b, 255])));
    assert_eq!(ran(&dir, &["compare", "a.png", "b.png", "--diff", "d.png"]).code, 1);
    // Black where equal; the largest difference as bright as can be, in its own channel.
    let expected = pixtwin_testkit::Drawing::solid(6, 4, [0, 0, 0, 255]).with_pixel(2, 1, [255, 0, 0, 255]);
    dir.write("expected.png", png(&expected));
    assert_eq!(digest(&dir, "d.png"), digest(&dir, "expected.png"));
    dir.write("wide.png", png(&noise(7, 4, 1)));
    let ran = ran(&dir, &["compare", "a.png", "wide.png", "--diff", "e.png"]);
    assert_eq!((ran.code, ran.err()), (1, "`e.png` is not drawn: the pictures differ in size or kind\n"));
}

#[test]
fn the_result_as_json() {
    let drawn = noise(2, 2, 1).opaque();
    let dir = Dir::new();
    dir.write("a.png", png(&drawn)).write("b.png", png(&drawn.clone().with_pixel(1, 1, [0, 0, 0, 0])));
    let [r, g, b, _] = drawn.pixel(1, 1).map(|sample| u32::from(sample) * 257);
    let side = |name| {
        let digest = digest(&dir, name);
        format!(r#"{{"path":{{"text":"{name}"}},"format":"PNG","width":2,"height":2,"frames":1,"digest":"{digest}"}}"#)
    };
    let expected = format!(
        r#"{{"type":"comparison","schema":1,"same":false,"proof":null,"a":{},"b":{},"frames":[{{"frame":0,"first":[1,1],"pixels":1,"largest":[{r},{g},{b},65535],"delays":null}}],"reasons":["1 pixel of 4 differs, the first at x 1, y 1","largest difference: red {}, green {}, blue {}, alpha 255 (of 255)"],"turn":null,"differs":[]}}"#,
        side("a.png"),
        side("b.png"),
        r / 257,
        g / 257,
        b / 257,
    );
    ran(&dir, &["compare", "a.png", "b.png", "--format", "json"]).assert(1, &(expected + "\n"), "");
}
